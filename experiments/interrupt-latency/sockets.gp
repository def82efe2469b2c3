# SPDX-License-Identifier: GPL-2.0-or-later
# A row for each path and load, in it one for each number of sockets: a dot where half of the boots'
# medians are, a thick line over all of the medians, a thin one to the largest 90th percentile.
file = data.'/sockets.tsv'
stats file using 6 skip 1 nooutput name 'P90'
eval head('Xenolith, by sockets and load')
eval name(1, 'dot: median arrangement; thick: all medians; thin: to the largest 90%', quiet)
set xlabel 'instructions of all CPUs (logarithmic)'
set logscale x
set xrange [500:P90_max*2]
set xtics ('1000' 1e3, '10 000' 1e4, '100 000' 1e5, '1 000 000' 1e6, '10 000 000' 1e7)
set border 1
set ytics scale 0
set grid noytics xtics lc rgb '#e3e3e3' lt 1
# The analysis writes the rows of one path and load together, one for each number of sockets.
array COUNT[4]
levels = 0
do for [i=1:4] {
	stats file using ($2 == 2**(i-1) ? 1 : 0) skip 1 nooutput name 'HERE'
	COUNT[i] = HERE_sum
	levels = levels + (COUNT[i] > 0)
}
rows = P90_records/levels
set yrange [rows-0.3:-0.7]
set key at screen 0.98,0.945
colour(n) = n == 1 ? 0x0072b2 : n == 2 ? 0x009e73 : n == 4 ? 0xe69f00 : 0xcc79a7
row(n) = floor(n/levels)
y(n) = row(n) + (n - row(n)*levels - (levels-1)/2.0)*0.6/levels
plot file using 4:(y($0)):($6-$4):(0):(colour($2)) skip 1 with vectors nohead lw 1.2 lc rgb variable, \
     file using 3:(y($0)):($5-$3):(0):(colour($2)) skip 1 with vectors nohead lw 5 lc rgb variable, \
     file using 4:(y($0)):(colour($2)) skip 1 with points pt 7 ps dot(1.1) lc rgb variable, \
     file using (1):(row($0)):ytic(1) skip 1 with points pt 0, \
     for [i=1:4] NaN with points pt 7 ps dot(1.1) lc rgb colour(2**(i-1)) title COUNT[i] > 0 ? sprintf('%d socket%s', 2**(i-1), i > 1 ? 's' : '') : ''
