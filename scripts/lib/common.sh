# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What every script here shares: where the repository and the cache are, and how to speak.

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${XENOLITH_CACHE:-$repo/.cache}
export XENOLITH_CACHE=$cache

# Boot images: files named by content in $images, which checkouts that share a cache folder share too,
# and this checkout's names for them in $img (scripts/qemu.py says where that is).
images=$cache/img
img=$(python3 "$repo/scripts/qemu.py" --images)

# name_image FILE NAME: from now on this checkout's NAME is that file under $cache.
name_image() {
	mkdir -p "$img"
	ln -sfn "$(realpath -s --relative-to="$img" "$1")" "$img/$2.new.$$"
	mv -T "$img/$2.new.$$" "$img/$2"
}

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
