# domain/evtchn/send.c
# unmask holds a channel's lock with interrupts on, whose handlers take it
/^int evtchn_unmask/,/^}/ {
	s/flags = spin_lock_irqsave(&chn->lock)/flags = 0; spin_lock(\&chn->lock)/
	s/spin_unlock_irqrestore(&chn->lock, flags)/(void)flags; spin_unlock(\&chn->lock)/
}
