# SPDX-License-Identifier: GPL-2.0-or-later
# A line from the least to the most late, a dot at the median, for each kind of timer, by scenes.
file = data.'/late.tsv'
stats file using 6 skip 1 nooutput
eval head("How late the guest's handler runs: dot at the median, line from least to most")
set xlabel 'nanoseconds late, an instruction being one (logarithmic)'
set logscale x
set xrange [700:STATS_max*12]
set xtics ('1000' 1e3, '10 000' 1e4, '100 000' 1e5, '1 000 000' 1e6)
# The analysis writes a scene's kinds of timers together. Above them is a line for its name.
kinds = 4
row(n) = n + floor(n/kinds) + 1
set yrange [row(STATS_records-1)+0.8:-0.7]
set border 1
set lmargin at screen 0.36
small = ',12'
set ytics scale 0 font small
set grid noytics xtics lc rgb '#e3e3e3' lt 1
colour(s) = s[1:4] eq 'Xen ' ? 0xd55e00 : strstrt(s, 'alone') ? 0x0072b2 : strstrt(s, '1000') ? 0xcc79a7 : 0x009e73
first(n) = int(n) % kinds == 0
figures(median, most) = most > 1.5*median ? sprintf('%.0f, most %.0f', median, most) : sprintf('%.0f', median)
plot file using 4:(row($0)):($6-$4):(0):(colour(strcol(1))) skip 1 with vectors nohead lw 4 lc rgb variable, \
     file using 3:(row($0)):(colour(strcol(1))):ytic(strcol(2)) skip 1 with points pt 7 ps dot(1.1) lc rgb variable, \
     file using 6:(row($0)):(figures($3, $6)) skip 1 with labels left offset 1,0 font small textcolor rgb ink, \
     file using (first($0) ? 700 : NaN):(row($0)-1):(strcol(1)):(colour(strcol(1))) skip 1 with labels right offset -1,0 font small textcolor rgb variable
