# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What every script here shares: where the repository and the cache are, and how to speak.

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${XENOLITH_CACHE:-$repo/.cache}
export XENOLITH_CACHE=$cache

say() {
	printf '%s: %s\n' "$(basename "$0")" "$*"
}

warn() {
	printf '%s: warning: %s\n' "$(basename "$0")" "$*" >&2
}

die() {
	printf '%s: error: %s\n' "$(basename "$0")" "$1" >&2
	shift
	for line; do
		printf '  %s\n' "$line" >&2
	done
	exit 1
}
