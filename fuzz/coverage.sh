#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Which lines of the code that faces x86's guests do a target's seeds reach? Prints a line for each
# file, then `COVERAGE <folder> lines <percent> <hit> <all>` for each folder. The files' marked
# sources are left in BUILD/fuzz/NAME/gcov, with ##### at each line that was not reached.
# usage: coverage.sh BUILD NAME, after BUILD/fuzz/NAME/replay was linked with BUILD/host-cov
set -eu
build=$1 name=$2
folders='arch/x86/hvm arch/x86/svm guest/x86 guest/x86/emul'
top=$PWD
find "$build/host-cov" -name '*.gcda' -delete
find fuzz/"$name" -type f '(' -path '*/seeds/*' -o -path '*/regressions/*' ')' \
	-exec "$build/fuzz/$name/replay" {} +
rm -rf "$build/fuzz/$name/gcov"
mkdir -p "$build/fuzz/$name/gcov"
for folder in $folders; do
	for notes in "$build/host-cov/$folder"/*.gcno; do
		[ -e "$notes" ] || continue
		(cd "$build/fuzz/$name/gcov" && gcov --preserve-paths --source-prefix "$top" \
			"$top/${notes%.gcno}.o" 2> /dev/null) |
			awk -v want="xen/$folder/$(basename "$notes" .gcno).c" -v folder="$folder" '
				/^File/ { split($0, a, "\047"); mine = a[2] ~ want "$" }
				/^Lines executed/ && mine {
					split($0, a, /[:% ]+/)
					printf "%s %s %d %d\n", folder, want, a[3] * a[5] / 100 + 0.5, a[5]
					mine = 0
				}'
	done
done | awk '
	{ printf "%5.1f%% %4d %4d %s\n", 100 * $3 / $4, $3, $4, $2; hit[$1] += $3; all[$1] += $4 }
	END {
		for (f in all)
			printf "COVERAGE %s lines %.1f%% %d %d\n", f, 100 * hit[f] / all[f], hit[f], all[f]
	}'
