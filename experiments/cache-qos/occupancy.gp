# SPDX-License-Identifier: GPL-2.0-or-later
# What of each working set is in the cache, as told, by scenes; the line is the whole of it.
file = data.'/occupancy.tsv'
eval head('How much of a working set is in the cache')
set xlabel 'working set, KiB'
set ylabel 'occupied, KiB, as the hypervisor tells it'
set xrange [0:700]
set yrange [0:850]
scene(name) = strcol(1) eq name ? $3 : NaN
plot x with lines lc rgb '#999999' dt 2 title 'all of it', \
     file using 2:(scene('alone')) skip 1 with points ls 1 pt 7 ps dot(1.4) title 'alone', \
     file using 2:(scene('beside a stream')) skip 1 with points ls 2 pt 5 ps dot(1.4) title 'beside a stream', \
     file using 2:(scene('beside a stream, divided')) skip 1 with points ls 3 pt 9 ps dot(1.6) title 'beside a stream, divided'
