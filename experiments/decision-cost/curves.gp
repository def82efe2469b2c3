# SPDX-License-Identifier: GPL-2.0-or-later
# A line for each policy and number of CPUs, by vCPUs: Xenolith's, then Xen's.
file = data.'/curves.tsv'
stats file using 1 skip 1 nooutput
curves = STATS_columns - 1
eval head('A yield when many vCPUs can run, without the exit')
set xlabel 'vCPUs (logarithmic)'
set ylabel 'instructions (logarithmic)'
set logscale xy
set xtics (2, 4, 8, 16, 32, 64)
set xrange [1.8:70]
set key outside right center vertical reverse Left spacing 1.4 autotitle columnheader
colours = '0x0072b2 0x56b4e9 0x004a75 0xd55e00 0xe69f00 0x8c3b00 0x009e73 0x66c2a5 0x006b4e 0x777777 0x999999 0xbbbbbb 0x666666 0x888888 0xaaaaaa'
plot for [i=2:curves+1] file using 1:i with linespoints lc rgb (word(colours, i-1) + 0) lw 2 pt 7 ps dot(1) title columnheader(i)
