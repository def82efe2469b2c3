# mm/domain_pages.c
# pages that could not be allocated stay counted
/^struct page_info \*alloc_domain_pages/,/^}/s/uncharge(d, BIT(order));//
