# SPDX-License-Identifier: GPL-2.0-or-later
# A panel for each policy and number of CPUs: what each domain got (marks) and its fair share (lines), by cap.
eval head('Percent of the machine that domains got (marks), and should get (lines), by the cap of one')
set key off
eval name(1, 'light', third)
eval name(2, 'middle', fifth)
eval name(3, 'heavy', xenolith)
set label 104 'the one with the cap' at screen 0.64,0.885 right noenhanced textcolor rgb peer
array side[4] = ['credit2-socket-1', 'credit2-socket-4', 'credit2-cpu-4', 'credit-socket-4']
array says[4] = ['credit2, 1 CPU', 'credit2, 4 CPUs', 'credit2, 4 CPUs, 4 queues', 'credit, 4 CPUs']
array style[4] = [3, 5, 1, 2]
file(i) = sprintf('%s/shares-%s.tsv', data, side[i])
set yrange [0:72]
set ytics 20
set xrange [-0.3:*]
set tmargin 0
set bmargin 0
set lmargin 0
set rmargin 0
set multiplot
do for [i=1:4] {
    set origin 0.06 + 0.49*((i - 1) % 2), 0.52 - 0.43*((i - 1) / 2)
    set size 0.42, 0.32
    set label 50 says[i] at graph 0.02, 0.93 textcolor rgb ink
    plot for [k=1:4] file(i) using 0:(column(2*k)):xtic(1) skip 1 with lines ls style[k] lw 1.2, \
         for [k=1:4] file(i) using 0:(column(2*k + 1)) skip 1 with points ls style[k] ps 0.9
    do for [k=99:104] { unset label k }
}
unset multiplot
