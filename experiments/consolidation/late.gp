# SPDX-License-Identifier: GPL-2.0-or-later
# How late the timer guest wakes: the median, the 99th percentile and the latest on one line.
file = data.'/late.tsv'
stats file using 4 skip 1 nooutput
stats file using 2 skip 1 nooutput name 'L'
eval head('How late a Linux guest wakes that shares a CPU')
set xlabel 'microseconds (logarithmic)'
set logscale x
set xrange [L_min/2:STATS_max*30]
set yrange [STATS_records-0.4:-0.6]
set border 1
set ytics scale 0
set grid noytics xtics lc rgb '#e3e3e3' lt 1
eval name(1, 'latest', peer)
eval name(2, '99 %', fifth)
eval name(3, 'half', xenolith)
plot file using 2:0:($4-$2):(0) skip 1 with vectors nohead lc rgb '#c8c8c8' lw 5, \
     file using 2:0:ytic(1) skip 1 with points lc rgb xenolith pt 7 ps dot(2), \
     file using 3:0 skip 1 with points lc rgb fifth pt 7 ps dot(2), \
     file using 4:0 skip 1 with points lc rgb peer pt 7 ps dot(2), \
     file using (STATS_max*28):0:(sprintf('%d of %d frames late', $5, $6)) skip 1 with labels right textcolor rgb ink
