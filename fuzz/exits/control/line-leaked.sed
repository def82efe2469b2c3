# arch/x86/hvm/vioapic.c
# a domain's end keeps the lines of its IO-APIC
s/if (xd->bindings\[i\].vector)/if (0)/
