# domain/gnttab/map.c
# a domain stays referenced when there is no free handle
/if (!m) {/,/}/s/domain_put(granter);//
