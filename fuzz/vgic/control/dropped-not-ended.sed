# guest/arm/vgic-regs.c
# an interrupt of the machine that the guest drops is not ended
s/	g->ops->end_hw(g, q->hwirq);//
