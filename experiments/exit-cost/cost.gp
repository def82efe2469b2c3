# SPDX-License-Identifier: GPL-2.0-or-later
# Both costs of each kind of exit on one line; a log scale keeps the cheap ones readable.
file = data.'/cost.tsv'
stats file using 3 skip 1 nooutput
eval head('Instructions of a round trip to the hypervisor and back')
set xlabel 'instructions, logarithmic: the lower the better'
set logscale x
set xrange [100:STATS_max*5]
set yrange [STATS_records-0.4:-1.3]
set border 1
set ytics scale 0
set grid noytics xtics lc rgb '#e3e3e3' lt 1
set label 1 'Xenolith' at 100,-0.9 offset 2,0 textcolor rgb xenolith
set label 2 'Xen 4.17' at 100,-0.9 offset 14,0 textcolor rgb peer
set label 3 'Xenolith by Xen' at graph 0.995, first -0.9 right textcolor rgb ink
plot file using 2:0:($3-$2):(0) skip 1 with vectors nohead lc rgb '#c8c8c8' lw 5*scale, \
     file using 2:0:ytic(1) skip 1 with points lc rgb xenolith pt 7 ps 2*scale, \
     file using 3:0 skip 1 with points lc rgb peer pt 7 ps 2*scale, \
     file using 2:0:(sprintf('%.0f', $2)) skip 1 with labels right offset -1.2,0 textcolor rgb xenolith, \
     file using 3:0:(sprintf('%.0f', $3)) skip 1 with labels left offset 1.2,0 textcolor rgb peer, \
     file using (STATS_max*4.8):0:(sprintf('%.2f', $4)) skip 1 with labels right textcolor rgb ink
