# SPDX-License-Identifier: GPL-2.0-or-later
# One bar an EOI: what the access alone costs, and what ending the interrupt adds.
file = data.'/eoi.tsv'
stats file using 5 skip 1 nooutput
eval head('One EOI: the access alone, and what ending the interrupt adds')
set xlabel 'instructions of a round trip'
set xrange [0:STATS_max*1.12]
set yrange [STATS_records-0.3:-0.7]
set border 1
set ytics scale 0
set grid noytics xtics lc rgb '#e3e3e3' lt 1
ours(who) = who eq 'Xenolith'
dark(who) = ours(who) ? 0x0072b2 : 0xd55e00
light(who) = ours(who) ? 0x8cc4e6 : 0xf2b48c
eval name(1, 'light: the access alone; dark: what ending the interrupt adds', ink)
plot file using (0):0:(0):3:($0-0.3):($0+0.3):(light(strcol(2))):ytic(strcol(2).', '.strcol(1)) skip 1 with boxxyerror lc rgb variable, \
     file using 3:0:3:5:($0-0.3):($0+0.3):(dark(strcol(2))) skip 1 with boxxyerror lc rgb variable, \
     file using 5:0:(sprintf('%.0f', $5)) skip 1 with labels left offset 0.8,0 textcolor rgb ink
