# SPDX-License-Identifier: GPL-2.0-or-later
# Costs under both policies.
file = data.'/switch.tsv'
stats file using 2 skip 1 nooutput
eval head('What the policy costs: two vCPUs with a CPU each')
set xlabel 'instructions'
set xrange [0:STATS_max*1.25]
set yrange [STATS_records-0.3:-0.9]
set border 1
set ytics scale 0
set grid noytics xtics lc rgb '#e3e3e3' lt 1
set label 1 'credit2' at graph 0.99, 0.12 right textcolor rgb xenolith
set label 2 'null' at graph 0.99, 0.06 right textcolor rgb third
plot file using (0):0:(0):2:($0-0.33):($0-0.02):ytic(1) skip 1 with boxxyerror lc rgb xenolith, \
     file using (0):0:(0):3:($0+0.02):($0+0.33) skip 1 with boxxyerror lc rgb third, \
     file using 2:($0-0.17):(sprintf('%.0f', $2)) skip 1 with labels left offset 0.8,0 textcolor rgb xenolith, \
     file using 3:($0+0.17):(sprintf('%.0f', $3)) skip 1 with labels left offset 0.8,0 textcolor rgb third
