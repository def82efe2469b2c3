# arch/x86/hvm/emul-memory.c
# a locked operation writes to a page that the guest can only read
s/p2m_view_at(&view, gpa, true)/p2m_view_at(\&view, gpa, false)/
