# arch/x86/hvm/msr.c
# WRMSR sets any bit of EFER
s/if (val & ~(settable | EFER_LMA))/if (0)/
s/(val & settable) | (old & EFER_LMA)/(val \& ~EFER_LMA) | (old \& EFER_LMA)/
