# SPDX-License-Identifier: GPL-2.0-or-later
# The same sets under three policies: a panel for each number of CPUs.
eval head('Percent of the task sets that meet all deadlines, by utilisation')
set key off
eval name(1, 'credit', third)
eval name(2, 'credit2', peer)
eval name(3, 'rtds', xenolith)
file(n) = sprintf('%s/shares-%d.tsv', data, n)
there(n) = system(sprintf("test -f '%s' && echo 1 || echo 0", file(n))) + 0
array cpus[4] = [1, 2, 4, 16]
set yrange [0:103]
set xrange [0.38:1.02]
set tmargin 0
set bmargin 0
set lmargin 0
set rmargin 0
set multiplot
do for [i=1:4] {
    if (there(cpus[i])) {
        column = (i - 1) % 2
        row = (i - 1) / 2
        set origin 0.07 + 0.48*column, 0.5 - 0.42*row
        set size 0.42, 0.31
        set label 50 sprintf('%d CPU%s', cpus[i], i > 1 ? 's' : '') at graph 0.02, 0.12 textcolor rgb ink
        plot file(cpus[i]) using 1:6 skip 1 with linespoints ls 1, \
             file(cpus[i]) using 1:8 skip 1 with linespoints ls 2, \
             file(cpus[i]) using 1:7 skip 1 with linespoints ls 3
        do for [k=99:103] { unset label k }
    }
}
unset multiplot
