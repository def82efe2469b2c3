# mm/p2m/p2m.c
# an unmapped page is not flushed
/^static void let_go_leaf/,/^}/s/p->need_flush = true;/p->need_flush |= foreign;/
