# guest/arm/vsysreg.c
# the value of CNTP_TVAL_EL0 has no sign
s/(u64)(s64)(s32)\*v/(u32)*v/
