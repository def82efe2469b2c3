#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs one unit test program and writes "UNIT name passed failed skipped" to RESULT (and stdout).
# Its output goes to RESULT with the suffix .log, shown when something failed.
set -eu
name=${1:?usage: run-test.sh NAME PROGRAM RESULT TIMEOUT}
prog=$2 result=$3 limit=$4
log=${result%.result}.log

rc=0
ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=0:detect_odr_violation=0} \
UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1} \
	timeout -k 5 "$limit" "$prog" >"$log" 2>&1 </dev/null || rc=$?

# cmocka prints one "[  PASSED  ] N test(s)." line and so on for each group.
count() {
	awk -v want="$1" 'index($0, "[  " want) == 1 && $0 ~ /test\(s\)/ {
		sub(/^\[[^]]*\] /, ""); n += $1 } END { print n + 0 }' "$log"
}
passed=$(count PASSED) failed=$(count FAILED) skipped=$(count SKIPPED)
# A crash, a leak, a timeout, or a program that ran no test at all is a failure too.
if [ "$failed" -eq 0 ] && { [ "$rc" -ne 0 ] || [ $((passed + skipped)) -eq 0 ]; }; then
	failed=1
fi
if [ "$failed" -ne 0 ]; then
	tail -n 60 "$log"
	echo "$name: failed (exit status $rc); whole log: $log"
fi
echo "UNIT $name $passed $failed $skipped" | tee "$result"
