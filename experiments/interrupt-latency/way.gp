# SPDX-License-Identifier: GPL-2.0-or-later
# Both hypervisors on the idle machine.
file = data.'/way.tsv'
stats file using 2 skip 1 nooutput name 'OURS'
stats file using 3 skip 1 nooutput name 'THEIRS'
most = OURS_max > THEIRS_max ? OURS_max : THEIRS_max
eval head("From an interrupt's cause to the guest's handler, idle machine")
set xlabel 'instructions'
set xrange [0:most*1.15]
step = 10**floor(log10(most))
set xtics most > 5*step ? 2*step : step
set yrange [OURS_records-0.3:-0.9]
set border 1
set ytics scale 0
set grid noytics xtics lc rgb '#e3e3e3' lt 1
set label 1 'Xenolith' at graph 0.99, first -0.62 right textcolor rgb xenolith
set label 2 'Xen 4.17' at graph 0.80, first -0.62 right textcolor rgb peer
plot file using (0):0:(0):2:($0-0.33):($0-0.02):ytic(1) skip 1 with boxxyerror lc rgb xenolith, \
     file using (0):0:(0):3:($0+0.02):($0+0.33) skip 1 with boxxyerror lc rgb peer, \
     file using 2:($0-0.17):(sprintf('%.0f', $2)) skip 1 with labels left offset 0.8,0 textcolor rgb xenolith, \
     file using 3:($0+0.17):(sprintf('%.0f', $3)) skip 1 with labels left offset 0.8,0 textcolor rgb peer
