# SPDX-License-Identifier: GPL-2.0-or-later
# A group of bars for each kind of event, a bar for each machine; level groups are good.
file = data.'/scaling.tsv'
stats file using 2 skip 1 nooutput
machines = STATS_columns - 1
eval head('An event on Xenolith, by the size of the machine and the company')
set ylabel 'instructions'
set style data histograms
set style histogram clustered gap 1.5
set bmargin 4.5
set xtics scale 0
set yrange [0:*]
set key outside right center vertical reverse Left spacing 2.2 autotitle columnheader
set xtics font ',12'
colours = '0x56b4e9 0x0072b2 0x004a75 0xe69f00 0xd55e00 0x8c3b00 0x009e73 0x006b4e 0xcc79a7'
brief(s) = strstrt(s, 'interdomain') ? "by inter-\ndomain port" : strstrt(s, 'to a ') ? "to a ".s[6:strstrt(s, ' vCPU')]."\nvCPU" : s
plot for [i=2:machines+1] file using i:xtic(brief(strcol(1))) lc rgb (word(colours, i-1) + 0) title columnheader(i)
