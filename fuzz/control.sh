#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Positive control of a fuzz target: plants each fault of fuzz/NAME/control in the file that its
# first line names, links the target with it, and fuzzes from the seeds until the fault is found. A
# search that ends for want of time or memory has found nothing.
# usage: control.sh BUILD NAME SECONDS -- OBJECT, ARCHIVE OR OPTION OF THE LINKER...
# CFLAGS has the compiler's flags. The last line is `CONTROL NAME FOUND MISSED`.
set -eu
build=$1 name=$2 seconds=$3
shift 4
found=0 missed=0
# Without a fault nothing may be found, or what follows would show nothing.
log=$build/fuzz/$name/control.log
if ! "$build/fuzz/$name/target" -timeout=30 fuzz/"$name"/seeds/* > "$log" 2>&1; then
	echo "CONTROL $name: a seed fails without a fault: $log" >&2
	exit 1
fi
for fault in fuzz/"$name"/control/*.sed; do
	file=xen/$(sed -n '1s/^# //p' "$fault")
	what=$(sed -n '2s/^# //p' "$fault")
	dir=$build/fuzz/$name/control/$(basename "$fault" .sed)
	mkdir -p "$dir"
	sed -f "$fault" "$file" > "$dir/planted.c"
	if cmp -s "$file" "$dir/planted.c"; then
		echo "control: $fault changes nothing in $file" >&2
		exit 1
	fi
	# shellcheck disable=SC2086 # flags
	clang $CFLAGS -Wno-unused-function -iquote "$(dirname "$file")" -c -o "$dir/planted.o" "$dir/planted.c"
	# shellcheck disable=SC2086
	clang $CFLAGS -fsanitize=fuzzer -Wl,-z,muldefs -o "$dir/target" "$dir/planted.o" "$@"
	rm -rf "$dir/corpus" && mkdir "$dir/corpus"
	start=$(date +%s)
	if "$dir/target" -seed=1 -timeout=30 -max_total_time="$seconds" -artifact_prefix="$dir/" \
		"$dir/corpus" fuzz/"$name"/seeds > "$dir/log" 2>&1; then
		echo "CONTROL $name: not found in $seconds s: $what"
		missed=$((missed + 1))
	elif grep -q 'ERROR: libFuzzer: \(timeout\|out-of-memory\)' "$dir/log"; then
		echo "CONTROL $name: the search ended by itself ($dir/log): $what"
		missed=$((missed + 1))
	else
		echo "CONTROL $name: found in $(($(date +%s) - start)) s: $what"
		found=$((found + 1))
	fi
done
echo "CONTROL $name $found $missed"
[ "$missed" -eq 0 ]
