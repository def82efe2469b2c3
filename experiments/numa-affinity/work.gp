# SPDX-License-Identifier: GPL-2.0-or-later
# Three bars for each policy and load: the work done without affinity, with soft and with hard affinity.
file = data.'/work.tsv'
eval head('Work that domains get done on two nodes of eight CPUs, by affinity to the node of their memory')
set key off
eval name(1, 'hard', peer)
eval name(2, 'soft', xenolith)
eval name(3, 'none', quiet)
set ylabel 'work, in CPUs near their memory'
set yrange [0:17]
set xtics rotate by 45 right scale 0
set lmargin at screen 0.09
set rmargin at screen 0.98
set bmargin at screen 0.4
rows = system(sprintf("wc -l < '%s'", file)) - 1
set xrange [-0.6:rows - 0.4]
set boxwidth 0.26
plot file using ($0-0.27):2:xtic(1) skip 1 with boxes lc rgb quiet, \
     file using 0:3 skip 1 with boxes lc rgb xenolith, \
     file using ($0+0.27):4 skip 1 with boxes lc rgb peer
