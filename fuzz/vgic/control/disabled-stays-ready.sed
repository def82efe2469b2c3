# guest/arm/vgic.c
# an interrupt that is disabled while it waits is offered
s/			vgic_unready(v, irq);$/			;/
