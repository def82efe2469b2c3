# SPDX-License-Identifier: GPL-2.0-or-later
# What all pictures share: colours that stay apart for the colour-blind (Okabe and Ito), quiet axes.

xenolith = '#0072b2'
peer = '#d55e00'
third = '#009e73'
fourth = '#cc79a7'
fifth = '#e69f00'
sixth = '#56b4e9'
ink = '#333333'
quiet = '#8a8a8a'

set style line 1 lc rgb xenolith lw 2.5 pt 7 ps 1.0
set style line 2 lc rgb peer lw 2.5 pt 5 ps 1.0
set style line 3 lc rgb third lw 2.5 pt 9 ps 1.2
set style line 4 lc rgb fourth lw 2.5 pt 13 ps 1.2
set style line 5 lc rgb fifth lw 2.5 pt 11 ps 1.2
set style line 6 lc rgb sixth lw 2.5 pt 15 ps 1.2

# The size of a dot, relative to the lines of a picture.
dot(n) = n*0.65

set border 3 lc rgb quiet lw 1
set tics nomirror out scale 0.6 textcolor rgb ink
set xlabel textcolor rgb ink
set ylabel textcolor rgb ink
set grid ytics lc rgb '#e3e3e3' lw 1 lt 1
# Titles begin at the left edge of the picture, whatever room the labels take: eval head('...')
set tmargin 4
head(t) = sprintf("set label 99 \"%s\" at screen 0.022,0.945 left noenhanced font ',%d' textcolor rgb '%s'", \
                  t, 18, ink)
# Legends are placed between title and picture, so that no line runs through them: the key, or one or two
# coloured words by eval name(1, '...', colour), the first at the right edge.
name(n, t, c) = sprintf("set label %d \"%s\" at screen %f,0.885 right noenhanced textcolor rgb '%s'", \
                        100 + n, t, n == 1 ? 0.978 : n == 2 ? 0.87 : 0.74, c)
set key at screen 0.98,0.885 right horizontal textcolor rgb ink noautotitle samplen 1.5
set style fill solid 0.95 noborder
set boxwidth 0.9 relative
set datafile separator "\t"
set datafile missing '-'
set encoding utf8
