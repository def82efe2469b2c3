# SPDX-License-Identifier: GPL-2.0-or-later
# The least and the largest share of a CPU around the ideal one, for each number of CPUs.
file = data.'/balance.tsv'
eval head("Shares of the work, from the least busy CPU's to the busiest one's")
set xlabel 'CPUs that clear memory together'
set ylabel "a CPU's share, relative to the ideal"
stats file using (log($1)/log(2)) skip 1 nooutput name 'CPUS'
set xrange [-0.6:CPUS_records-0.4]
set yrange [95:105]
set xtics scale 0
set ytics ('-5%%' 95, '-2%%' 98, 'ideal' 100, '+2%%' 102, '+5%%' 105)
set object 1 rectangle from graph 0, first 98 to graph 1, first 102 fc rgb '#e8f3ee' fs solid noborder behind
set label 1 'within 2% of the ideal' at graph 0.99, first 101.7 right textcolor rgb third
set label 2 'balance: ideal share by largest share' at graph 0.99, first 104.6 right textcolor rgb xenolith
plot 100 lc rgb quiet lw 1 dt 2, \
     file using 0:0:($0-0.3):($0+0.3):(100*$3-0.02):(100*$4+0.02):xtic(1) skip 1 \
         with boxxyerror lc rgb xenolith, \
     file using 0:(100*$4):(sprintf('%.3f', $2)) skip 1 with labels offset 0,0.9 textcolor rgb xenolith
