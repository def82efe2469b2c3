# guest/arm/vsysreg.c
# guests see the width of the machine's addresses
s/min(seen\[ARM_ID_MMFR0\] & FIELD_MASK, phys_range(phys_bits))/(seen[ARM_ID_MMFR0] \& FIELD_MASK)/
