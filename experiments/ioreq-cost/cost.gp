# SPDX-License-Identifier: GPL-2.0-or-later
# Both costs of each kind of access on one line; a log scale keeps the cheap ones readable.
file = data.'/cost.tsv'
stats file using 3 skip 1 nooutput
eval head('Instructions of an access to a device model')
set xlabel 'instructions (logarithmic)'
set logscale x
set xrange [100:STATS_max*5]
set yrange [STATS_records-0.4:-0.6]
set border 1
set ytics scale 0
set grid noytics xtics lc rgb '#e3e3e3' lt 1
eval name(1, 'ratio', ink)
eval name(2, 'Xen 4.17', peer)
eval name(3, 'Xenolith', xenolith)
plot file using 2:0:($3-$2):(0) skip 1 with vectors nohead lc rgb '#c8c8c8' lw 5, \
     file using 2:0:ytic(1) skip 1 with points lc rgb xenolith pt 7 ps dot(2), \
     file using 3:0 skip 1 with points lc rgb peer pt 7 ps dot(2), \
     file using 2:0:(sprintf('%.0f', $2)) skip 1 with labels right offset -1.2,0 textcolor rgb xenolith, \
     file using 3:0:(sprintf('%.0f', $3)) skip 1 with labels left offset 1.2,0 textcolor rgb peer, \
     file using (STATS_max*4.8):0:(sprintf('%.2f', $4)) skip 1 with labels right textcolor rgb ink
