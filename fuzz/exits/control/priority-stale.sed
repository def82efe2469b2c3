# guest/x86/vlapic.c
# the end of an interrupt leaves the processor priority as it was
/^static void end_service/,/^}/s/vlapic_update_ppr(vl);//
