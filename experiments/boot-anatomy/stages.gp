# SPDX-License-Identifier: GPL-2.0-or-later
# Both boots as bars of stages, on the same scale.
file = data.'/stages.tsv'
stats file using ($2+$3+$4+$5) skip 1 nooutput
eval head("From the hypervisor's first line to the first domain's start")
set xlabel 'million instructions'
set yrange [1.6:-0.6]
set xrange [0:STATS_max*1.1]
set border 1
set ytics scale 0
set grid noytics xtics lc rgb '#e3e3e3' lt 1
set key reverse Left samplen 1 width -1
plot file using (0):0:(0):2:($0-0.3):($0+0.3):ytic(1) skip 1 with boxxyerror lc rgb sixth title 'memory and tables', \
     file using 2:0:2:($2+$3):($0-0.3):($0+0.3) skip 1 with boxxyerror lc rgb xenolith title 'clocks and interrupts', \
     file using 2:0:($2+$3):($2+$3+$4):($0-0.3):($0+0.3) skip 1 with boxxyerror lc rgb fifth title 'processors', \
     file using 2:0:($2+$3+$4):($2+$3+$4+$5):($0-0.3):($0+0.3) skip 1 with boxxyerror lc rgb third title 'first domain', \
     file using ($2+$3+$4+$5):0:(sprintf('%.0f', $2+$3+$4+$5)) skip 1 with labels left offset 0.8,0 textcolor rgb ink
