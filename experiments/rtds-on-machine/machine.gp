# SPDX-License-Identifier: GPL-2.0-or-later
# Theory, simulator and machine, one panel for each number of CPUs.
eval head('Percent of the task sets that meet all deadlines under rtds, by utilisation')
set key off
eval name(1, 'machine', peer)
eval name(2, 'simulator', xenolith)
eval name(3, 'theory', third)
file(n) = sprintf('%s/machine-%d.tsv', data, n)
there(n) = system(sprintf("test -f '%s' && echo 1 || echo 0", file(n))) + 0
array cpus[3] = [1, 2, 4]
panels = there(1) + there(2) + there(4)
width = 0.94/panels
at = 0
set yrange [0:108]
set xrange [0.68:1.01]
set xtics 0.1
set tmargin 0
set bmargin 0
set lmargin 0
set rmargin 0
set multiplot
do for [i=1:3] {
    if (there(cpus[i])) {
        set origin 0.06 + width*at, 0.12
        set size width - 0.05, 0.66
        at = at + 1
        set label 50 sprintf('%d CPU%s', cpus[i], i > 1 ? 's' : '') at graph 0.03, 0.06 textcolor rgb ink
        plot file(cpus[i]) using 2:3 skip 1 with linespoints ls 3 ps 1.6, \
             file(cpus[i]) using 2:4 skip 1 with linespoints ls 1 ps 1.0, \
             file(cpus[i]) using 2:5 skip 1 with points ls 2 ps 0.5
        do for [k=99:103] { unset label k }
    }
}
unset multiplot
