# guest/arm/vsysreg.c
# guests see no registers of breakpoints but the first one's
s/BREAKPOINT_FIELDS, true, true/0, true, true/
