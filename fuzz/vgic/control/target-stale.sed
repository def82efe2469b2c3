# guest/arm/vgic.c
# an interrupt that was routed elsewhere comes again where it was
s/if (q->target != vcpu)/if (0)/
