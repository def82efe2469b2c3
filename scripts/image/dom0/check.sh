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

# says TEXT COMMAND...: does it print that? (To be called through check, like those below.)
says() {
	says_text=$1
	shift
	"$@" > /tmp/says.out 2>&1 || true
	grep -q -e "$says_text" /tmp/says.out || { cat /tmp/says.out; return 1; }
}

# refused TEXT COMMAND...: does it fail, with that text?
refused() {
	says_text=$1
	shift
	if "$@" > /tmp/says.out 2>&1 || ! grep -q -e "$says_text" /tmp/says.out; then
		cat /tmp/says.out
		return 1
	fi
}

alive_lines() {
	grep -c 'XENOLITH-GUEST: alive=' "$1"
}

more_alive_lines() {
	[ "$(alive_lines "$1")" -gt "$2" ]
}

# goes_on LOG: does the idle guest whose console this is go on?
goes_on() {
	wait_for 60 more_alive_lines "$1" "$(alive_lines "$1")"
}
