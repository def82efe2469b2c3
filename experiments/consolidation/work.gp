# SPDX-License-Identifier: GPL-2.0-or-later
# What both loads achieve, each as a part of the most that any setup reached.
file = data.'/work.tsv'
stats file using 2 skip 1 nooutput name 'M'
stats file using 3 skip 1 nooutput name 'C'
eval head('What the two loads achieve beside guests that must be on time')
set xlabel 'part of the most that any reached'
set xrange [0:1.15]
set yrange [M_records-0.3:-0.9]
set border 1
set ytics scale 0
set grid noytics xtics lc rgb '#e3e3e3' lt 1
eval name(1, 'stress-ng', third)
eval name(2, 'hackbench', xenolith)
plot file using (0):0:(0):($2/M_max):($0-0.33):($0-0.02):ytic(1) skip 1 with boxxyerror lc rgb xenolith, \
     file using (0):0:(0):($3/C_max):($0+0.02):($0+0.33) skip 1 with boxxyerror lc rgb third, \
     file using ($2/M_max):($0-0.17):(sprintf('%.0f', $2)) skip 1 with labels left offset 0.8,0 textcolor rgb xenolith, \
     file using ($3/C_max):($0+0.17):(sprintf('%.0f', $3)) skip 1 with labels left offset 0.8,0 textcolor rgb third
