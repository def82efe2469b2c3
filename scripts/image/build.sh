#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes every boot image under <cache>/img from what setup.sh fetched; what is there is kept.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../lib/common.sh"

case ${1:-} in
"") ;;
--help | -h) echo "usage: scripts/image/build.sh    (no options; fills $cache/img)"; exit 0 ;;
*) die "unknown option: $1" ;;
esac
img=$cache/img
mkdir -p "$img"

# content_name FILE BASE: BASE-<hash of FILE>.
content_name() {
	echo "$2-$(sha256sum "$1" | cut -c1-16)"
}

# The kernels: as packaged, and the ELF that a PVH boot takes.
for flavour in amd64 cloud new; do
	bzimage=$(echo "$cache/root/kernel-$flavour"/boot/vmlinuz-*)
	[ -f "$bzimage" ] || die "the cache has no $flavour kernel; run scripts/setup.sh first"
	ln -sfn "../root/kernel-$flavour/boot/${bzimage##*/}" "$img/vmlinuz-$flavour"
	name=$(content_name "$bzimage" "vmlinux-$flavour")
	[ -f "$img/$name" ] || "$here/extract-vmlinux" "$bzimage" "$img/$name"
	ln -sfn "$name" "$img/vmlinux-$flavour"
done

# The peer hypervisor, compressed as packaged and plain.
ln -sfn ../root/peer/boot/xen-4.17-amd64.gz "$img/xen-4.17.gz"
name=$(content_name "$img/xen-4.17.gz" xen-4.17)
if [ ! -f "$img/$name" ]; then
	gzip -dc "$img/xen-4.17.gz" > "$img/$name.new"
	mv "$img/$name.new" "$img/$name"
fi
ln -sfn "$name" "$img/xen-4.17"

"$here/mkdata.sh"
for kind in dom0 dom0-new dom0-stress dom0-xl dom0-tools guest guest-pv; do
	"$here/mkinitramfs.sh" "$kind" > /dev/null
done
