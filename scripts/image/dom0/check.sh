# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# How the actions of dom0 report checks: $group names the action, $result becomes 1 at a failure.
# $evidence lists logs that are worth reading then, such as the guest's console.

result=0
evidence=

# check NAME COMMAND...: report what became of the command.
check() {
	check_name=$1
	shift
	if "$@" > /tmp/check.out 2>&1; then
		report "$group.$check_name" PASS
		return
	fi
	report "$group.$check_name" "FAIL ($*)"
	cat /tmp/check.out
	# Only at the first failure; later ones may follow from that.
	# shellcheck disable=SC2086 # a list
	[ "$result" = 1 ] || [ -z "$evidence" ] || tail -n 200 $evidence
	result=1
}
