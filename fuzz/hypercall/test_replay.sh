#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The commands of fuzz/hypercall beside libFuzzer's refuse what they cannot do, with exit status 2.
# usage: test_replay.sh TARGET
set -eu
target=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# refused TEXT ARGUMENT...: the target ends with 2 and says TEXT.
refused()
{
	text=$1 status=0
	shift
	timeout 60 "$target" "$@" > "$scratch/log" 2>&1 || status=$?
	if [ "$status" -ne 2 ] || ! grep -q -- "$text" "$scratch/log"; then
		echo "$target $*: exit status $status, wanted 2 and \"$text\":"
		cat "$scratch/log"
		exit 1
	fi
}

printf ab > "$scratch/short"
head -c 39 fuzz/hypercall/regressions/pause-without-end > "$scratch/no-whole-step"
for command in --replay --minimise; do
	set -- "$command"
	refused usage: "$@"
	[ "$command" = --replay ] || set -- "$command" "$scratch/out"
	for file in short no-whole-step; do
		refused "bytes are not an input" "$command" "$scratch/$file" ${2+"$2"}
	done
	refused "No such file" "$command" "$scratch/missing" ${2+"$2"}
	refused "Is a directory" "$command" "$scratch" ${2+"$2"}
done
refused usage: --minimise "$scratch/short"
refused usage: --replay "$scratch/short" "$scratch/out"
refused usage: --minimize "$scratch/short" "$scratch/out"
[ ! -e "$scratch/out" ]
"$target" --replay fuzz/hypercall/regressions/pause-without-end > "$scratch/log" 2>&1
grep -q "it ran to its end" "$scratch/log"
