# SPDX-License-Identifier: GPL-2.0-or-later
# For each number of CPUs the share of sets that rtds serves (solid) and that theory promises (dashed).
eval head('Sets that meet all deadlines: under rtds (solid), promised by GFB or BCL (dashed)')
set xlabel 'utilisation, as a share of all CPUs'
set ylabel 'percent of the task sets'
set yrange [0:103]
set xrange [0.38:1.02]
file(n) = sprintf('%s/shares-%d.tsv', data, n)
there(n) = system(sprintf("test -f '%s' && echo 1 || echo 0", file(n)))
array cpus[5] = [1, 2, 4, 8, 16]
count = 0
do for [i=1:5] { if (there(cpus[i]) + 0) { count = i } }
plot for [i=1:count] file(cpus[i]) using 1:6 skip 1 with linespoints ls i title sprintf('%d CPU%s', cpus[i], i > 1 ? 's' : ''), \
     for [i=1:count] file(cpus[i]) using 1:4 skip 1 with lines ls i dt 2 notitle
