#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes root file systems of Debian, by debootstrap: one for guests with what Debian packs for them,
# and one for a dom0 that people use. Each is named after the hash of its recipe and made once;
# NAME is this checkout's name for its newest.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../lib/common.sh"
# shellcheck source=scripts/image/modules.sh
. "$here/modules.sh"

usage() {
	cat <<-EOF
	usage: scripts/image/mkdebian.sh KIND    (as root; prints the paths of the images)

	  guest  debian-guest-root.ext4, a small system with systemd, and debian-guest-boot.ext4, which
	         holds the amd64 and the cloud kernel as packaged and an initrd for each by mkinitramfs
	  dom0   debian-dom0.ext4, a system with this repository's toolstack, and the initrd for it

	The password of root is "xenolith" in both. \$XENOLITH_MIRROR names the Debian mirror, when it is
	to be another than scripts/setup.sh used.
	EOF
}

case ${1:-} in
guest | dom0) kind=$1 ;;
--help | -h) usage; exit 0 ;;
*) usage >&2; exit 2 ;;
esac
[ "$(id -u)" = 0 ] || die "debootstrap must be run by root: sudo $0 $kind"
PATH=$PATH:/sbin:/usr/sbin
command -v debootstrap > /dev/null || die "debootstrap is missing; run scripts/setup.sh"
[ -f "$cache/root/kernel-cloud.stamp" ] || die "the cache has no kernels; run scripts/setup.sh first"
release=bookworm
password=xenolith

inputs_hash() {
	{
		cat "$here/mkdebian.sh" "$here/modules.sh" "$cache/root/kernel-amd64.stamp"
		case $kind in
		guest) cat "$cache/root/kernel-cloud.stamp" ;;
		dom0) find "$here/debian-dom0" -type f | LC_ALL=C sort | xargs cat
		      readlink "$img/guest-pv-initramfs.cpio.gz"
		      find "$stage" -type f | LC_ALL=C sort | xargs sha256sum | cut -d' ' -f1 ;;
		esac
	} | sha256sum | cut -c1-16
}

# bootstrap PACKAGES: a minimal Debian with these in $tree. What is fetched stays for the next time.
bootstrap() {
	local mirror
	mirror=${XENOLITH_MIRROR:-$(awk '$1 == "deb" && $(NF - 1) == r { print $(NF - 2) }' r=$release \
		"$cache/apt/sources.list" 2> /dev/null | head -n 1)}
	[ -n "$mirror" ] || die "no Debian mirror is known; run scripts/setup.sh or set XENOLITH_MIRROR"
	mkdir -p "$cache/debootstrap"
	debootstrap --variant=minbase --cache-dir="$cache/debootstrap" --include="$1" $release "$tree" \
		"$mirror" > "$work/log" 2>&1 || {
		tail -n 20 "$work/log" >&2
		die "debootstrap failed"
	}
}

# configure HOST ROOT: set what an installer would ask for.
configure() {
	echo "$1" > "$tree/etc/hostname"
	printf '127.0.0.1\tlocalhost\n127.0.1.1\t%s\n' "$1" > "$tree/etc/hosts"
	printf '%s\t/\text4\tdefaults\t0\t1\n' "$2" > "$tree/etc/fstab"
	echo "root:$password" | chroot "$tree" chpasswd
	: > "$tree/etc/machine-id"
}

# Remove what tests do not read and a person can fetch again.
trim() {
	rm -rf "$tree"/usr/share/{doc,man,info,locale}/* "$tree"/var/cache/apt/* \
		"$tree"/var/lib/apt/lists/* "$tree"/var/log/*.log
}

# make_disk NAME FOLDER SIZE: an ext4 disk of what is in the folder, sparse.
make_disk() {
	mke2fs -q -F -t ext4 -L debian -d "$2" "$images/$1.new" "$3" > /dev/null
	mv "$images/$1.new" "$images/$1"
}

# Drivers of a guest come from its kernel's package, and mkinitramfs is told the ones it boots by.
make_guest() {
	local flavour version drivers
	bootstrap systemd-sysv,udev,kmod,iproute2,netcat-openbsd,initramfs-tools
	configure deb /dev/xvda
	sed -i 's/^MODULES=.*/MODULES=list/; s/^COMPRESS=.*/COMPRESS=gzip/' \
		"$tree/etc/initramfs-tools/initramfs.conf"
	printf '%s\n' xen-blkfront ext4 crc32c_generic crc32c_intel > "$tree/etc/initramfs-tools/modules"
	mkdir "$work/boot"
	for flavour in amd64 cloud; do
		drivers="xen-blkfront xen-netfront xen_wdt"
		[ $flavour = cloud ] || drivers+=" ext4 crc32c_generic crc32c-intel"
		version=$(copy_modules $flavour "$drivers")
		cp "$cache/root/kernel-$flavour/boot/config-$version" "$tree/boot/"
		chroot "$tree" depmod "$version"
		chroot "$tree" mkinitramfs -o "/boot/initrd.img-$version" "$version" >> "$work/log" 2>&1 ||
			die "mkinitramfs failed" "$(tail -n 5 "$work/log")"
		cp "$tree/boot/initrd.img-$version" "$work/boot/initrd-$flavour"
		cp -L "$img/vmlinuz-$flavour" "$work/boot/"
	done
	trim
	make_disk "debian-guest-root-$hash" "$tree" 768M
	make_disk "debian-guest-boot-$hash" "$work/boot" 128M
}

# The kernel is the package that the tests boot, so that its modules fit; apt knows it.
make_dom0() {
	local package version unit
	bootstrap "$(tr '\n' ',' < "$here/debian-dom0/packages" | sed 's/,$//')"
	configure dom0 /dev/vda
	version=$(ls "$cache/root/kernel-amd64/lib/modules")
	package=$(echo "$cache/debs/linux-image-${version}_"*_amd64.deb)
	[ -f "$package" ] || die "the cache lacks the package of the kernel $version;" \
		"run scripts/setup.sh --refresh"
	cp "$package" "$tree/kernel.deb"
	chroot "$tree" env DEBIAN_FRONTEND=noninteractive dpkg -i /kernel.deb >> "$work/log" 2>&1 ||
		die "the kernel's package cannot be installed" "$(tail -n 5 "$work/log")"
	rm "$tree/kernel.deb"
	cp -r "$stage/." "$tree/"
	cp -r "$here/debian-dom0/etc/." "$tree/etc/"
	mkdir -p "$tree/shared" "$tree/usr/share/xenolith/guest"
	cp -L "$img/vmlinuz-cloud" "$tree/usr/share/xenolith/guest/vmlinuz"
	cp -L "$img/guest-pv-initramfs.cpio.gz" "$tree/usr/share/xenolith/guest/initramfs"
	for unit in xenstored.service xen-init-dom0.service xenconsoled.service \
		systemd-networkd.service ssh.service shared.automount; do
		chroot "$tree" systemctl enable --quiet "$unit"
	done
	cp "$tree/boot/initrd.img-$version" "$images/debian-dom0-initramfs.cpio.gz-$hash"
	rm -rf "$tree"/var/cache/apt/* "$tree"/var/lib/apt/lists/*
	make_disk "debian-dom0-$hash" "$tree" 3G
}

mkdir -p "$images"
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
tree=$work/tree stage=$work/stage
case $kind in
guest) names=(debian-guest-root debian-guest-boot) ;;
dom0)
	names=(debian-dom0 debian-dom0-initramfs.cpio.gz)
	make --no-print-directory -s -C "$repo" BUILD=build tools-install DESTDIR="$stage" >&2 ;;
esac
hash=$(inputs_hash)
for name in "${names[@]}"; do
	if [ ! -f "$images/$name-$hash" ]; then
		say "making Debian's root for $kind: a few minutes" >&2
		"make_$kind"
	fi
	name_image "$images/$name-$hash" "$name"
	echo "$images/$name-$hash"
done
