#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Proves that a newcomer's machine suffices: makes a bare Debian 12 in a folder, clones the
# repository's committed state into it, and runs there what the README says. Needs root.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/lib/common.sh"

usage() {
	cat <<-EOF
	usage: scripts/clean-room.sh [--rev COMMIT] [--share-cache] [--keep] [COMMAND...]

	  --rev COMMIT   what to test (default HEAD)
	  --share-cache  lend this repository's cache folder, so that nothing large is fetched
	  --keep         leave the room in place and print where it is
	  COMMAND        what to run in the clone, one shell command each
	                 (default: "make demo" "make check")
	EOF
}

rev=HEAD share=0 keep=0
while [ $# -gt 0 ]; do
	case $1 in
	--help | -h) usage; exit 0 ;;
	--rev) rev=$2; shift ;;
	--share-cache) share=1 ;;
	--keep) keep=1 ;;
	--) shift; break ;;
	-*) usage >&2; die "unknown option: $1" ;;
	*) break ;;
	esac
	shift
done
[ $# -gt 0 ] || set -- "make demo" "make check"
[ "$(id -u)" = 0 ] || die "a clean room is a chroot with mounts of its own: run this as root"
PATH=$PATH:/sbin:/usr/sbin
command -v debootstrap > /dev/null || die "debootstrap is missing: apt-get install debootstrap"
suite=bookworm
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
mkdir -p "$cache/clean-room"

# The room's own mounts: taken down in the reverse order however this script ends.
mounts=()
# shellcheck disable=SC2317 # called by the trap
leave() {
	local i status=$?
	for ((i = ${#mounts[@]} - 1; i >= 0; i--)); do
		umount "${mounts[i]}" 2> /dev/null || umount -l "${mounts[i]}" || true
	done
	if [ "$keep" = 1 ]; then
		say "the room is left in $room"
	elif grep -q " $room/" /proc/mounts; then
		warn "$room still has mounts and is not removed"
	else
		rm -rf --one-file-system "$room"
	fi
	exit "$status"
}

bind() {
	mkdir -p "$room$2"
	mount --bind "$1" "$room$2"
	mounts+=("$room$2")
}

# The mirror that this system's own apt uses.
mirror() {
	local uri=${XENOLITH_MIRROR:-}
	[ -n "$uri" ] || uri=$(apt-get update --print-uris 2> /dev/null |
		sed -n "s,^'\(.*\)/dists/$suite/InRelease'.*,\1,p" | head -n 1)
	[ -n "$uri" ] || die "no apt source of this system serves $suite; set XENOLITH_MIRROR"
	echo "$uri"
}

# The bare system is debootstrapped once and unpacked anew for each run.
unpack_base() {
	local tarball=$cache/clean-room/$suite-minbase.tar uri
	if [ ! -f "$tarball" ]; then
		uri=$(mirror)
		say "making a minimal $suite (once)"
		debootstrap --variant=minbase --keyring="$keyring" --include=ca-certificates "$suite" \
			"$room" "$uri" > "$cache/clean-room/debootstrap.log" 2>&1 ||
			die "debootstrap failed; its log is $cache/clean-room/debootstrap.log"
		tar -C "$room" -cf "$tarball.new" .
		mv "$tarball.new" "$tarball"
	else
		tar -C "$room" -xf "$tarball"
	fi
}

# Apt in the room reaches what this system's apt reaches, the same way.
copy_apt_setup() {
	rm -f "$room/etc/apt/sources.list"
	cp -L /etc/resolv.conf "$room/etc/resolv.conf"
	cp /etc/hosts "$room/etc/hosts"
	local uris release
	uris=$(apt-get update --print-uris 2> /dev/null | sed -n "s,^'\(.*\)/InRelease'.*,\1,p")
	for release in "$suite" "$suite-updates" "$suite-security"; do
		sed -n "s,^\(.*\)/dists/$release\$,deb \1 $release main,p" <<< "$uris" | head -n 1
	done > "$room/etc/apt/sources.list"
	apt-config dump Acquire | grep -iE '::(proxy|check-valid-until|check-date|https?|retries)' \
		> "$room/etc/apt/apt.conf.d/50clean-room" || true
}

in_room() {
	chroot "$room" /usr/bin/env -i HOME=/root TERM=dumb LANG=C.UTF-8 \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		DEBIAN_FRONTEND=noninteractive bash -ec "$1" < /dev/null
}

room=$(mktemp -d "$cache/clean-room/room.XXXXXX")
chmod 755 "$room"
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
unpack_base
copy_apt_setup
mount -t proc proc "$room/proc"
mounts+=("$room/proc")
mount -t sysfs -o ro sysfs "$room/sys"
mounts+=("$room/sys")
bind /dev /dev
mount -t tmpfs tmpfs "$room/dev/shm" && mounts+=("$room/dev/shm")

# The clone is what a newcomer's "git clone" gives: committed files and nothing else. A newcomer
# has git, make and a superuser's rights.
commit=$(git -C "$repo" rev-parse --verify "$rev^{commit}")
git -C "$repo" bundle create -q "$room/root/xenolith.bundle" --all
in_room "apt-get update -qq && apt-get install -y -qq --no-install-recommends git make" \
	> "$cache/clean-room/apt.log" 2>&1 ||
	die "apt does not work in the room; its log is $cache/clean-room/apt.log"
in_room "git clone -q /root/xenolith.bundle /root/xenolith && cd /root/xenolith &&
	git checkout -q $commit"
[ "$share" = 0 ] || bind "$cache" /root/xenolith/.cache

result=0
for command; do
	say "in the room: $command"
	start=$SECONDS
	if in_room "cd /root/xenolith && $command"; then
		say "PASS ($((SECONDS - start)) s): $command"
	else
		say "FAIL ($((SECONDS - start)) s): $command"
		result=1
	fi
done
exit "$result"
