# guest/arm/vsysreg.c
# guests see that the machine has SVE
s/ARM_ID_PFR0, 48, 1/ARM_ID_PFR0, 32, 1/
