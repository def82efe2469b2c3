#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes every boot image from what setup.sh fetched; what is there is kept. With an argument, those that need
# a group of packages of their own: arm64, or hvm.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../lib/common.sh"

case ${1:-} in
"" | arm64 | hvm) ;;
--help | -h) echo "usage: scripts/image/build.sh [arm64 | hvm]    (fills $img)"; exit 0 ;;
*) die "unknown option: $1" ;;
esac
mkdir -p "$images" "$img"
if [ "${1:-}" = arm64 ]; then
	kernel=$(echo "$cache/root/kernel-arm64"/boot/vmlinuz-*)
	{ [ -f "$kernel" ] && [ -d "$cache/root/tools-arm64" ]; } ||
		die "the cache has no kernel or libraries for ARM64; run make setup-arm64 first"
	name_image "$kernel" vmlinuz-arm64
	"$here/mkinitramfs.sh" dom0-arm64 > /dev/null
	exit 0
fi

if [ "${1:-}" = hvm ]; then
	[ -f "$cache/root/hvm.stamp" ] ||
		die "the cache has no device model; run scripts/setup.sh --no-install --group hvm first"
	"$here/mkinitramfs.sh" dom0-hvm > /dev/null
	exit 0
fi

# content_name FILE BASE: BASE-<hash of FILE>.
content_name() {
	echo "$2-$(sha256sum "$1" | cut -c1-16)"
}

# The kernels: as packaged, and the ELF that a PVH boot takes.
for flavour in amd64 cloud new; do
	bzimage=$(echo "$cache/root/kernel-$flavour"/boot/vmlinuz-*)
	[ -f "$bzimage" ] || die "the cache has no $flavour kernel; run scripts/setup.sh first"
	name_image "$bzimage" "vmlinuz-$flavour"
	name=$(content_name "$bzimage" "vmlinux-$flavour")
	[ -f "$images/$name" ] || "$here/extract-vmlinux" "$bzimage" "$images/$name"
	name_image "$images/$name" "vmlinux-$flavour"
done

# The peer hypervisor, compressed as packaged and plain.
name_image "$cache/root/peer/boot/xen-4.17-amd64.gz" xen-4.17.gz
name=$(content_name "$img/xen-4.17.gz" xen-4.17)
if [ ! -f "$images/$name" ]; then
	gzip -dc "$img/xen-4.17.gz" > "$images/$name.new.$$"
	mv "$images/$name.new.$$" "$images/$name"
fi
name_image "$images/$name" xen-4.17

"$here/mkdata.sh"
for kind in dom0 dom0-new dom0-stress dom0-xl dom0-load dom0-tools guest guest-pv; do
	"$here/mkinitramfs.sh" "$kind" > /dev/null
done
