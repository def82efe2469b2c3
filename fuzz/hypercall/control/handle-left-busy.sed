# domain/gnttab/map.c
# a mapping keeps its handle busy when an address does not match
/^static void unmap_begin/,/^}/s/maptrack_keep(mt, m);//
