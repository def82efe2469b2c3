# SPDX-License-Identifier: GPL-2.0-or-later
# Latency over sockets, one line for each path and load; dashes mean a loaded machine.
file = data.'/sockets.tsv'
eval head('Xenolith: the same by the number of sockets')
set xlabel 'sockets that the CPUs stand in'
set ylabel 'instructions (logarithmic)'
set logscale xy
set xtics 1, 2
set xrange [0.9:9]
set key outside right top reverse Left font ',12' title 'full: idle   dashed: loaded' textcolor rgb ink
if (scale > 1) set key font ',16'
name(i) = i == 1 ? "device's line to a working vCPU" : i == 2 ? 'event to a working vCPU' : i == 3 ? 'event to a sleeping vCPU' : i == 4 ? 'IPI to a working vCPU' : 'IPI to a sleeping vCPU'
set datafile missing NaN
plot for [i=1:5] file using 3:(strcol(1) eq name(i) && strcol(2) eq 'idle' ? $4 : NaN) skip 1 with linespoints ls i title name(i), \
     for [i=1:5] file using 3:(strcol(1) eq name(i) && strcol(2) eq 'loaded' ? $4 : NaN) skip 1 with linespoints ls i dt 2
