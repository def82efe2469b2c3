# SPDX-License-Identifier: GPL-2.0-or-later
# One bar a hypervisor: the exit alone, and what its records add.
file = data.'/overhead.tsv'
stats file using 4 skip 1 nooutput
eval head('A null hypercall: all trace events off, and what recording them adds')
set xlabel 'instructions of a round trip'
set xrange [0:STATS_max*1.12]
set yrange [STATS_records-0.3:-0.7]
set border 1
set ytics scale 0
set grid noytics xtics lc rgb '#e3e3e3' lt 1
ours(who) = who eq 'Xenolith'
dark(who) = ours(who) ? 0x0072b2 : 0xd55e00
light(who) = ours(who) ? 0x8cc4e6 : 0xf2b48c
eval name(1, 'light: all events off; dark: what recording all of them adds', ink)
plot file using (0):0:(0):2:($0-0.3):($0+0.3):(light(strcol(1))):ytic(strcol(1)) skip 1 with boxxyerror lc rgb variable, \
     file using 2:0:2:4:($0-0.3):($0+0.3):(dark(strcol(1))) skip 1 with boxxyerror lc rgb variable, \
     file using 4:0:(sprintf('%.0f', $4)) skip 1 with labels left offset 0.8,0 textcolor rgb ink
