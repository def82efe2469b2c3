# SPDX-License-Identifier: GPL-2.0-or-later
# One bar for each kind of interrupt and degree.
file = data.'/post.tsv'
stats file using 2 skip 1 nooutput
eval head('From sending an interrupt to its handler, x2APIC mode')
set xlabel 'instructions'
set xrange [0:STATS_max*1.15]
set yrange [STATS_records-0.3:-0.7]
set border 1
set ytics scale 0
set grid noytics xtics lc rgb '#e3e3e3' lt 1
plot file using (0):0:(0):2:($0-0.3):($0+0.3):ytic(1) skip 1 with boxxyerror lc rgb xenolith, \
     file using 2:0:(sprintf('%.0f', $2)) skip 1 with labels left offset 0.8,0 textcolor rgb ink
