# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# What the scripts inside the images share.

# report KEY VALUE: one machine-readable line on the console.
report() {
	printf '%s: %s=%s\n' "${REPORT_NAME:-XENOLITH}" "$1" "$2"
}

# param NAME [DEFAULT]: the value of NAME=VALUE on the kernel command line (its last one).
param() {
	value=$(tr ' ' '\n' < /proc/cmdline | sed -n "s/^$1=//p" | tail -n 1)
	printf '%s' "${value:-$2}"
}

# wait_for SECONDS COMMAND...: try until it succeeds, once a second.
wait_for() {
	left=$1
	shift
	until "$@"; do
		[ "$left" -gt 0 ] || return 1
		left=$((left - 1))
		sleep 1
	done
}
