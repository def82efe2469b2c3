# domain/gnttab/pin.c
# a table stays locked when a reference is out of range
/^int grant_pin/,/^}/s/spin_unlock(&d->gnttab->lock);/if (rc != GNTST_bad_gntref) spin_unlock(\&d->gnttab->lock);/
