# guest/arm/vsysreg.c
# guests see the width of the machine's addresses
s/min(v & FIELD_MASK, phys_range(s->phys_bits))/(v \& FIELD_MASK)/
