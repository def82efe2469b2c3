# SPDX-License-Identifier: GPL-2.0-or-later
# What reading each clock costs a guest.
file = data.'/read.tsv'
stats file using 3 skip 1 nooutput
eval head("What it costs a guest to read a clock (reference: the HPET)")
set xlabel 'instructions a reading (logarithmic)'
set logscale x
set xrange [1:STATS_max*4]
set yrange [STATS_records-0.4:-0.6]
set border 1
set ytics scale 0
set grid noytics xtics lc rgb '#e3e3e3' lt 1
colour(who) = who eq 'Xenolith' ? 0x0072b2 : 0xd55e00
plot file using (1):0:(1):3:($0-0.3):($0+0.3):(colour(strcol(1))):ytic(strcol(1).': '.strcol(2)) skip 1 with boxxyerror lc rgb variable, \
     file using 3:0:(sprintf('%.0f', $3)) skip 1 with labels left offset 0.8,0 textcolor rgb ink
