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

# compute_everywhere: a program computes on each CPU, all at the same time; report where each ended.
# Fails unless every CPU did its part.
compute_everywhere() {
	computing=$(nproc)
	cpu=0
	while [ "$cpu" -lt "$computing" ]; do
		# Field 39 is the CPU that the program was on last.
		# shellcheck disable=SC2016 # for the program's own shell
		taskset "$(printf '%x' $((1 << cpu)))" sh -c 'i=0
			while [ $i -lt 3000 ]; do i=$((i + 1)); done
			cut -d" " -f39 /proc/$$/stat' > "/tmp/computed.$cpu" &
		cpu=$((cpu + 1))
	done
	wait
	while [ "$cpu" -gt 0 ]; do
		cpu=$((cpu - 1))
		report "computed.$cpu" "$(cat "/tmp/computed.$cpu")"
		[ "$(cat "/tmp/computed.$cpu")" = "$cpu" ] || return 1
	done
}
