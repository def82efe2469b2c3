#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Turns the coverage data in OBJDIR into OUT/xen.info, HTML in OUT/html, and one line:
#   COVERAGE lines <percent> <hit> <all> functions <percent> <hit> <all>
# Files that no test links count too, with nothing hit.
set -eu
objs=${1:?usage: coverage.sh OBJDIR OUT} out=${2:?}
log=$out/lcov.log

fail() {
	cat "$log" >&2
	echo "error: lcov failed" >&2
	exit 1
}
{
	lcov --quiet --capture --initial --directory "$objs" --base-directory "$PWD" \
		--no-external --output-file "$out/none.info" &&
	lcov --quiet --capture --directory "$objs" --base-directory "$PWD" \
		--no-external --output-file "$out/run.info" &&
	lcov --quiet --add-tracefile "$out/none.info" --add-tracefile "$out/run.info" \
		--output-file "$out/all.info" &&
	lcov --quiet --remove "$out/all.info" '*/test/unit/*' --output-file "$out/xen.info" &&
	genhtml --quiet --prefix "$PWD" --output-directory "$out/html" "$out/xen.info"
} >"$log" 2>&1 || fail

awk -F: '
	$1 == "LF" { lines += $2 }
	$1 == "LH" { lines_hit += $2 }
	$1 == "FNF" { fns += $2 }
	$1 == "FNH" { fns_hit += $2 }
	END {
		printf "COVERAGE lines %.1f%% %d %d functions %.1f%% %d %d\n",
			100 * lines_hit / lines, lines_hit, lines, 100 * fns_hit / fns, fns_hit, fns
	}' "$out/xen.info"
