# SPDX-License-Identifier: GPL-2.0-or-later
# A panel for each number of CPUs, a column for each policy and load: p50, p99 and p99.9, with lines from the least to
# the largest over the arrangements.
eval head('From a wake to the first instruction, by policy and number of busy vCPUs for each CPU')
set key off
eval name(1, '999 of 1000', peer)
eval name(2, '99 of 100', fifth)
eval name(3, 'half of the wakes', xenolith)
file(n) = sprintf('%s/wake-%d.tsv', data, n)
there(n) = system(sprintf("test -f '%s' && echo 1 || echo 0", file(n))) + 0
set logscale y
set yrange [0.5:20000]
set ytics ('1 µs' 1, '10 µs' 10, '100 µs' 100, '1 ms' 1000, '10 ms' 10000)
set xtics rotate by 40 right
set tmargin 0
set bmargin 0
set lmargin 0
set rmargin 0
array cpus[2] = [1, 4]
set multiplot
do for [i=1:2] {
    if (there(cpus[i])) {
        rows = system(sprintf("wc -l < '%s'", file(cpus[i]))) - 1
        set xrange [-0.6:rows - 0.3]
        set origin 0.09 + 0.5*(i - 1), 0.3
        set size 0.39, 0.5
        set label 50 sprintf('%d CPU%s', cpus[i], i > 1 ? 's' : '') at graph 0.03, 0.95 textcolor rgb ink
        plot 1000 with lines lc rgb quiet dt 3, \
             file(cpus[i]) using 0:3:2:4:xtic(1) skip 1 with yerrorbars ls 1 lw 1.5, \
             file(cpus[i]) using ($0+0.15):6:5:7 skip 1 with yerrorbars ls 5 lw 1.5, \
             file(cpus[i]) using ($0+0.3):9:8:10 skip 1 with yerrorbars ls 2 lw 1.5
        do for [k=99:103] { unset label k }
    }
}
unset multiplot
