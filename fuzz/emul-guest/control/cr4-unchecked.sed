# arch/x86/hvm/emulate.c
# a move to CR4 sets any bit
s/if (!cr4_write_valid(.*))/if (0 \&\& c.cr4)/
