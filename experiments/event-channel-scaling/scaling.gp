# SPDX-License-Identifier: GPL-2.0-or-later
# Cost of an event over the number of domains; flat is good.
file = data.'/scaling.tsv'
stats file using 3 skip 1 nooutput
eval head('What one event costs while others send too')
set xlabel 'domains that send at the same time, each on its own CPU'
set ylabel 'instructions an event'
set logscale x 2
set xtics 1, 2
set xrange [0.9:18]
set yrange [0:STATS_max*1.25]
set key bottom right reverse Left
set datafile missing NaN
plot file using 2:(strcol(1) eq 'event.self' ? $3 : NaN) skip 1 with linespoints ls 1 title 'to self', \
     file using 2:(strcol(1) eq 'event.loop' ? $3 : NaN) skip 1 with linespoints ls 3 title 'to self by an interdomain port', \
     file using 2:(strcol(1) eq 'event.unbound' ? $3 : NaN) skip 1 with linespoints ls 5 title 'to nobody', \
     file using 2:(strcol(1) eq 'event.self' ? $3 : NaN):(sprintf('%.0f', $3)) skip 1 with labels offset 0,1 textcolor rgb xenolith
