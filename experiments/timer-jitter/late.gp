# SPDX-License-Identifier: GPL-2.0-or-later
# A line from the least to the most late, a dot at the median, for each scene and kind of timer.
file = data.'/late.tsv'
stats file using 6 skip 1 nooutput
eval head("From the time a timer was set for to the guest's handler")
set xlabel 'instructions late, of which one is a nanosecond here (logarithmic)'
set logscale x
set xrange [500:STATS_max*3]
set yrange [STATS_records-0.3:-0.8]
set border 1
set ytics scale 0 font ',12'
if (scale > 1) set ytics font ',17'
set grid noytics xtics lc rgb '#e3e3e3' lt 1
colour(s) = s[1:3] eq 'Xen' && s[4:4] eq ' ' ? 0xd55e00 : strstrt(s, 'alone') ? 0x0072b2 : strstrt(s, '1000') ? 0xcc79a7 : 0x009e73
plot file using 4:0:($6-$4):(0):(colour(strcol(1))) skip 1 with vectors nohead lw 5*scale lc rgb variable, \
     file using 3:0:(colour(strcol(1))):ytic(strcol(1).': '.strcol(2)) skip 1 with points pt 7 ps 1.6*scale lc rgb variable, \
     file using 6:0:(sprintf('%.0f', $3)) skip 1 with labels left offset 1.2,0 textcolor rgb ink
