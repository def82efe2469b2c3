#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds one initramfs from what setup.sh fetched. The file is named after the hash of all that it
# is made of, so it is built once; KIND-initramfs.cpio.gz is this checkout's name for its newest.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../lib/common.sh"
# shellcheck source=scripts/image/modules.sh
. "$here/modules.sh"

usage() {
	cat <<-EOF
	usage: scripts/image/mkinitramfs.sh KIND    (prints the path of the image)

	  dom0         busybox, the Xen and device modules, the self-test
	  dom0-new     the same with the modules of the newest kernel of the backports
	  dom0-stress  the same as dom0 with stress-ng
	  dom0-xl      the same as dom0 with Debian's Xen toolstack and a guest for it to start
	  dom0-load    the same with guests for it that put a machine under different loads
	  dom0-tools   the same as dom0-xl with this repository's toolstack before Debian's (as PROGRAM.debian)
	  dom0-arm64   busybox, modules and this repository's toolstack for ARM64, with a guest for it to start
	  dom0-hvm     the same as dom0-tools with the device model, firmware and disks for HVM guests
	  guest        busybox only, for the cloud kernel
	  guest-pv     the same with drivers for PV disks and network interfaces
	  guest-hvm    the same for the everyday kernel, with drivers for emulated ones too
	  guest-arm64  the same for ARM64
	  guest-load   the same as guest with cyclictest, hackbench and rt-app
	  guest-stress the same as guest with stress-ng
	EOF
}

case ${1:-} in
dom0 | dom0-new | dom0-stress | dom0-xl | dom0-load | dom0-tools | dom0-hvm | dom0-arm64) kind=$1 ;;
guest | guest-pv | guest-hvm | guest-arm64 | guest-load | guest-stress) kind=$1 ;;
--help | -h) usage; exit 0 ;;
*) usage >&2; exit 2 ;;
esac
src=$here/${kind%-*}
peer=$cache/root/peer
flavour=amd64
own_busybox=$busybox
case $kind in
dom0-new) flavour=new ;;
*-arm64)
	flavour=arm64
	own_busybox=$cache/root/kernel-arm64/bin/busybox ;;
esac
guest_modules="xen-blkfront xen-netfront xen_wdt"
modules="xen-evtchn xen-gntdev xen-gntalloc xen-privcmd xenfs virtio_pci virtio_blk virtio_net nvme
	ahci sd_mod sdhci-pci mmc_block e1000 e1000e ext4 crc32c_generic
	xen-blkback xen-netback loop bridge tun"
case $kind in
*-arm64) modules="$modules virtio_mmio" ;;
*) modules="$modules ata_piix crc32c-intel" ;;
esac
for program in "$busybox" "$own_busybox"; do
	[ -x "$program" ] || die "the cache has no busybox; run scripts/setup.sh first"
done

# The hash covers this script and every input: files by content, packages by their stamps.
inputs_hash() {
	{
		cat "$here/mkinitramfs.sh" "$here/modules.sh" "$here/report.sh" "$repo/tools/dom0-selftest"/*.c
		find "$src" -type f | LC_ALL=C sort | xargs cat
		cat "$cache/root/$([ "$flavour" = arm64 ] && echo tools-arm64 || echo peer).stamp"
		case $kind in
		guest | guest-load | guest-stress) ;;
		guest-pv) cat "$cache/root/kernel-cloud.stamp" ;;
		*) cat "$cache/root/kernel-$flavour.stamp" ;;
		esac
		case $kind in *-stress | dom0-load) cat "$cache/root/stress.stamp" ;; esac
		case $kind in *-load) cat "$cache/root/load.stamp" ;; esac
		case $kind in dom0-xl | dom0-load | dom0-tools | dom0-hvm) cat "$cache/root/kernel-cloud.stamp" "$here/guest"/* ;; esac
		case $kind in
		dom0-tools | dom0-hvm)
			find "$tools" "${bench[@]}" "${narrow[@]}" -type f | LC_ALL=C sort | xargs sha256sum ;;
		dom0-arm64) cat "$here/guest"/* "$repo/xen/test/guest/virt_devices.py"; find "$tools_arm64" -type f | LC_ALL=C sort | xargs sha256sum ;;
		esac
		[ "$kind" != dom0-hvm ] || cat "$cache/root/hvm.stamp" "$here/mkgrub.sh"
		echo "$kind"
	} | sha256sum | cut -c1-16
}

# copy_program FILE ROOT: the program and the libraries it needs, all from the folder ROOT, so that
# the image does not depend on what this system has installed.
copy_program() {
	local libs="$2/lib/x86_64-linux-gnu:$2/usr/lib/x86_64-linux-gnu" lib
	cp -L "$1" "$tree/bin/"
	"$2/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" --library-path "$libs" --list "$1" |
		sed -n 's/ (0x.*//; s/.* => //p' | while read -r lib; do
		cp -Ln "$lib" "$tree/lib/" || die "$1 needs a library that packages.txt lacks: $lib"
	done
	cp -Ln "$2/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" "$tree/lib64/"
}

# The C library loads it when a thread ends.
copy_libgcc() {
	cp -L "$peer/lib/x86_64-linux-gnu/libgcc_s.so.1" "$tree/lib/"
}

# xl with its daemons.
copy_toolstack() {
	local program
	for program in xl xenstored xenconsole xenconsoled xen-init-dom0 xentop xentrace xenpm; do
		copy_program "$peer/usr/lib/xen-4.17/bin/$program" "$peer"
	done
	for program in xenstore-ls xenstore-read xenstore-write; do
		copy_program "$peer/usr/bin/$program" "$peer"
	done
	# Debian's xl starts it from there.
	mkdir -p "$tree/usr/lib/xen-4.17/bin"
	ln -s /bin/xenconsole "$tree/usr/lib/xen-4.17/bin/xenconsole"
	copy_libgcc
	mkdir -p "$tree/etc/xen" "$tree/guest"
	touch "$tree/etc/xen/xl.conf"
}

# A small guest: the cloud kernel and an image. (A packaged bzImage would do as well; the ELF without its
# symbols is quicker to load.)
copy_guest() {
	local elf=$tree/guest/vmlinux
	"$here/extract-vmlinux" "$cache/root/kernel-cloud"/boot/vmlinuz-* "$elf"
	strip --strip-all "$elf"
	cp -L "$("$here/mkinitramfs.sh" guest)" "$tree/guest/initramfs.cpio.gz"
	case $kind in
	dom0-load)
		cp -L "$("$here/mkinitramfs.sh" guest-load)" "$tree/guest/initramfs-load.cpio.gz"
		cp -L "$("$here/mkinitramfs.sh" guest-stress)" "$tree/guest/initramfs-stress.cpio.gz" ;;
	dom0-tools) cp -L "$("$here/mkinitramfs.sh" guest-pv)" "$tree/guest/initramfs-pv.cpio.gz" ;;
	esac
}

copy_stress() {
	copy_program "$cache/root/stress/usr/bin/stress-ng" "$cache/root/stress"
}

# The programs that put a guest under load.
copy_loads() {
	local program
	for program in cyclictest hackbench rt-app; do
		copy_program "$cache/root/load/usr/bin/$program" "$cache/root/load"
	done
	copy_libgcc
}

# What Debian's xl runs for disks and interfaces, with what busybox lacks for it.
copy_scripts() {
	local program
	for program in bin/bash usr/bin/flock usr/bin/xenstore-list; do
		copy_program "$peer/$program" "$peer"
	done
	cp -r "$peer/etc/xen/scripts" "$tree/etc/xen/"
}

# This repository's programs take the names; Debian's stay beside them to compare with. What compares
# them comes along, a guest that only sleeps, and 32-bit kernels.
copy_our_tools() {
	local program name
	for program in "$tools"/*; do
		name=${program##*/}
		[ ! -e "$tree/bin/$name" ] || mv "$tree/bin/$name" "$tree/bin/$name.debian"
		cp "$program" "$tree/bin/$name"
		strip "$tree/bin/$name"
	done
	for program in "${bench[@]}"; do
		strip -o "$tree/bin/${program##*/}" "$program"
	done
	mv "$tree/bin/bench.elf" "$tree/guest/small"
	for program in "${narrow[@]}"; do
		name=${program%/*}
		strip -o "$tree/guest/${name##*/guest-}" "$program"
	done
}

# This repository's toolstack for ARM64, and a guest, whose kernel is dom0's own.
copy_arm64_tools() {
	local program name
	for program in "$tools_arm64"/*; do
		aarch64-linux-gnu-strip -o "$tree/bin/${program##*/}" "$program"
	done
	for name in ls read write list rm; do
		ln -s xenstore "$tree/bin/xenstore-$name"
	done
	mkdir -p "$tree/etc/xen" "$tree/guest"
	touch "$tree/etc/xen/xl.conf"
	cp -L "$cache"/root/kernel-arm64/boot/vmlinuz-* "$tree/guest/vmlinux"
	cp -L "$("$here/mkinitramfs.sh" guest-arm64)" "$tree/guest/initramfs-pv.cpio.gz"
	# For the action lend: the clock of QEMU's machine.
	python3 "$repo/xen/test/guest/virt_devices.py" rtc > "$tree/lib/clock.dtb"
}

# make_grub_disk FILE: a disk with GRUB's shell at the serial port; all that it needs is in the image that
# the firmware's boot sector loads.
make_grub_disk() {
	local boot=/usr/lib/grub/i386-pc
	[ -d "$boot" ] || die "grub-pc-bin is missing; run scripts/setup.sh"
	printf '%s\n' 'serial --unit=0 --speed=115200' 'terminal_input serial' 'terminal_output serial' \
		normal > "$work/grub.cfg"
	grub-mkimage -d "$boot" -O i386-pc -p / -c "$work/grub.cfg" -o "$work/grub.core" \
		normal serial terminal echo halt reboot biosdisk
	cat "$boot/boot.img" "$work/grub.core" > "$1"
	truncate -s 1M "$1"
}

# What an HVM guest runs on where Debian's packages have it; disks for it, of GRUB with Linux and
# alone; and a kernel that the device model loads.
copy_device_model() {
	local hvm=$cache/root/hvm file
	mkdir -p "$tree/usr/libexec" "$tree/usr/lib/xen-4.17/boot" "$tree/usr/share"/{seabios,ovmf,qemu/keymaps}
	copy_program "$hvm/usr/libexec/xen-qemu-system-i386" "$hvm"
	mv "$tree/bin/xen-qemu-system-i386" "$tree/usr/libexec/"
	copy_program "$hvm/usr/bin/qemu-img" "$hvm"
	cp "$peer/usr/lib/xen-4.17/boot/hvmloader" "$tree/usr/lib/xen-4.17/boot/"
	for file in bios-256k.bin vgabios-cirrus.bin vgabios-stdvga.bin; do
		cp -L "$hvm/usr/share/seabios/$file" "$tree/usr/share/seabios/"
	done
	# QEMU's own firmware that loads a kernel.
	cp -L "$hvm/usr/share/qemu"/linuxboot*.bin "$tree/usr/share/qemu/"
	cp -L "$hvm/usr/share/ovmf/OVMF.fd" "$tree/usr/share/ovmf/"
	cp -L "$hvm/usr/share/qemu/keymaps/en-us" "$tree/usr/share/qemu/keymaps/"
	cp -L "$hvm/usr/lib/memtest86+/memtest86+x64.iso" "$tree/guest/memtest.iso"
	"$here/mkgrub.sh" --protocol linux --kernel "$(echo "$cache/root/kernel-cloud"/boot/vmlinuz-*)" \
		--append "console=ttyS0,115200 loglevel=4 xenolith.guest=shell" \
		--module "$("$here/mkinitramfs.sh" guest-pv)" --output "$tree/guest/hvm.iso"
	make_grub_disk "$tree/guest/grub.img"
	cp -L "$cache"/root/kernel-amd64/boot/vmlinuz-* "$tree/guest/vmlinuz"
	cp -L "$("$here/mkinitramfs.sh" guest-hvm)" "$tree/guest/initramfs-hvm.cpio.gz"
}

# build_programs NAME...: this repository's programs for the images.
build_programs() {
	local program cc=("${CC:-gcc}")
	[ "$flavour" != arm64 ] || cc=(aarch64-linux-gnu-gcc "--sysroot=$cache/root/tools-arm64")
	for program in "$@"; do
		"${cc[@]}" -std=gnu11 -O2 -Wall -Wextra -Werror -static -s -o "$tree/bin/$program" \
			"$repo/tools/dom0-selftest/$program.c"
	done
}

fill_tree() {
	mkdir -p "$tree"/{bin,sbin,dev,proc,sys,run,tmp,lib,lib64,root,etc}
	cp "$own_busybox" "$tree/bin/busybox"
	ln -s busybox "$tree/bin/sh"
	cp "$src/init" "$tree/init"
	cp "$here/report.sh" "$tree/lib/report.sh"
	case $kind in
	guest) return 0 ;;
	guest-pv) build_programs ports; ln -s ../bin/busybox "$tree/sbin/modprobe"; copy_modules cloud "$guest_modules" > /dev/null; return 0 ;;
	guest-hvm)
		ln -s ../bin/busybox "$tree/sbin/modprobe"
		copy_modules amd64 "$guest_modules ata_piix sd_mod e1000" > /dev/null
		return 0 ;;
	guest-arm64) ln -s ../bin/busybox "$tree/sbin/modprobe"; copy_modules arm64 "$guest_modules" > /dev/null; return 0 ;;
	guest-load) cp "$src/load" "$tree/bin/load"; copy_loads; return 0 ;;
	guest-stress) cp "$src/load" "$tree/bin/load"; copy_stress; return 0 ;;
	esac
	cp -r "$src/do" "$tree/do"
	cp "$src"/*.sh "$tree/lib/"
	ln -s ../bin/busybox "$tree/sbin/modprobe"
	build_programs selftest onpty
	copy_modules "$flavour" "$modules" > /dev/null
	case $kind in
	dom0-stress) copy_stress ;;
	dom0-xl | dom0-load) copy_toolstack && copy_guest ;;
	dom0-tools) copy_toolstack && copy_guest && copy_scripts && copy_our_tools ;;
	dom0-arm64) copy_arm64_tools ;;
	dom0-hvm) copy_toolstack && copy_scripts && copy_our_tools && copy_device_model ;;
	esac
}

# The archive holds no times and no inode numbers, so the same tree gives the same bytes. The
# kernel opens /dev/console before /init runs; it makes that node itself from its built-in image.
pack_tree() {
	find "$tree" -exec touch -h -d @0 {} +
	(cd "$tree" && find . -mindepth 1 | LC_ALL=C sort |
		cpio --quiet -o -H newc --owner 0:0 --reproducible) | gzip -9n > "$1.new.$$"
	mv "$1.new.$$" "$1"
}

tools=$repo/build/tools/bin
bench=("$repo/build/bench/toolstack/collect" "$repo/build/bench/bench.elf")
narrow=("$repo"/build/guest-{flat32,pg32,pae32}/multicall.elf)
tools_arm64=$repo/build/tools-arm64/bin
case $kind in
dom0-tools | dom0-hvm) make --no-print-directory -s -C "$repo" BUILD=build tools bench-toolstack-image >&2 ;;
dom0-arm64) make --no-print-directory -s -C "$repo" BUILD=build tools-arm64 >&2 ;;
esac
mkdir -p "$images"
name=$kind-initramfs-$(inputs_hash).cpio.gz
if [ ! -f "$images/$name" ]; then
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	tree=$work/tree
	mkdir "$tree"
	fill_tree
	pack_tree "$images/$name"
fi
name_image "$images/$name" "$kind-initramfs.cpio.gz"
echo "$images/$name"
