# arch/x86/hvm/msr.c
# WRMSR takes an address that is not canonical
s/if (holds_address(msr) && !x86_canonical(val))/if (0)/
