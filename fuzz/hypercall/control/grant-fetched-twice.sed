# domain/gnttab/pin.c
# a grant's header is read again for the check of its read-only flag, and marked without comparing
/^static int mark_v1/,/^}/{
s/check_header(h, grantee, write, false);/check_header(h, grantee, false, false) ?: (write \&\& READ_ONCE(*header) \& GTF_readonly) ? GNTST_general_error : GNTST_okay;/
s/if (!__atomic_compare_exchange_n(header, &h, h | use_flags(write), false,/if (!(__atomic_fetch_or(header, use_flags(write),/
s/__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))/__ATOMIC_SEQ_CST), true))/
}
