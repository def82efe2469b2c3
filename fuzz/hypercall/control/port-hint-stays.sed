# domain/evtchn/port.c
# a port that was given back is not found again
s/ed->hint = min(ed->hint, port);//
