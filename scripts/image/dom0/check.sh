# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# How the actions of dom0 report checks: $group names the action, $result becomes 1 at a failure.

result=0

# check NAME COMMAND...: report what became of the command.
check() {
	check_name=$1
	shift
	if "$@" > /tmp/check.out 2>&1; then
		report "$group.$check_name" PASS
	else
		report "$group.$check_name" "FAIL ($*)"
		cat /tmp/check.out
		# shellcheck disable=SC2034 # the action exits with it
		result=1
	fi
}
