# domain/physmap.c
# a foreign page stays referenced when it cannot be mapped
/^static int add_foreign/,/^}/s/page_put(pg);/(void)0;/
