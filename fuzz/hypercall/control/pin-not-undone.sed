# domain/gnttab/map.c
# a grant that cannot be mapped stays pinned
/^static int make_mapping/,/^}/s/grant_unpin(granter, op->ref, !readonly);//
