# SPDX-License-Identifier: GPL-2.0-or-later
# Each guest's middle share as a bar, a line from the least to the largest, and a mark where its
# weight would have it.
file = data.'/share.tsv'
eval head('Three guests that never stop, with weights 1 : 2 : 4')
eval name(1, 'orange: by weight; dark: least to largest share over the arrangements', quiet)
set ylabel 'share of a CPU'
set yrange [0:1.12]
set format y '%.1f'
set xrange [-0.6:6.3]
set xtics scale 0
set bmargin 5.5
set xlabel 'guest and its weight' offset 0,-0.7
at(n) = n + (n > 2 ? 0.7 : 0)
colour(g) = g eq 'light' ? 0x56b4e9 : g eq 'middle' ? 0x0072b2 : 0x004a75
set label 1 'one CPU' at at(1), 1.08 center textcolor rgb quiet
set label 2 'two CPUs' at at(4), 1.08 center textcolor rgb quiet
plot file using (at($0)):5:(0.7):(colour(strcol(2))):xtic(sprintf("%s\n%d", strcol(2), $3)) skip 1 with boxes lc rgb variable, \
     file using (at($0)-0.42):7:(0.84):(0) skip 1 with vectors nohead lc rgb peer lw 3, \
     file using (at($0)):4:(0):($6-$4) skip 1 with vectors nohead lw 4 lc rgb ink, \
     file using (at($0)):5:(sprintf('%.3f', $5)) skip 1 with labels offset 0,-1.2 textcolor rgb '#ffffff'
