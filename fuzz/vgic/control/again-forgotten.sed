# guest/arm/vgic.c
# an interrupt that came again while it was active is forgotten when the guest reads its state
s/	if (sync_lrs(g, vcpu, now))/	if (sync_lrs(g, vcpu, now) \&\& 0)/
