# arch/x86/hvm/emulate.c
# an emulated INT n injects the exception of its number
s/if (e->software && !is_trap(e))/if (e->software \&\& e->vector >= 32)/
