# SPDX-License-Identifier: GPL-2.0-or-later
# What a page costs on one CPU, both hypervisors.
file = data.'/page.tsv'
stats file using 2 skip 1 nooutput
eval head('What it costs one CPU to clear a page of 4 KiB at boot')
set xlabel 'instructions a page'
set yrange [1.7:-0.7]
set xrange [0:STATS_max*1.15]
set border 2
set grid noytics xtics lc rgb '#e3e3e3' lt 1
set ytics scale 0
colour(n) = n == 0 ? 0x0072b2 : 0xd55e00
plot file using (0):0:(0):2:($0-0.3):($0+0.3):(colour($0)):ytic(1) skip 1 with boxxyerror lc rgb variable, \
     file using 2:0:(sprintf('%.0f', $2)) skip 1 with labels left offset 1,0 textcolor rgb ink
