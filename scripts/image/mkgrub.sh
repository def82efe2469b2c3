#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes a CD image that a BIOS boots through GRUB and Multiboot 2 into a hypervisor, as a real
# machine does. (QEMU's own -kernel boots by Multiboot 1 or PVH.) The image is one of a disk, too.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/../lib/common.sh"

usage() {
	cat <<-EOF
	usage: scripts/image/mkgrub.sh --kernel ELF [--append ARGS] [--module 'FILE ARGS']... --output ISO

	  --kernel ELF           the hypervisor; it must have the protocol's header
	  --append ARGS          its command line
	  --module 'FILE ARGS'   a boot module with its arguments; repeat for more, in order
	  --protocol 1|2|linux   Multiboot version (default 2); with linux the kernel is Linux
	EOF
}

kernel='' append='' output='' protocol=2 modules=()
while [ $# -gt 0 ]; do
	case $1 in
	--help | -h) usage; exit 0 ;;
	--kernel | --append | --module | --output | --protocol)
		[ $# -ge 2 ] || die "$1 needs a value" ;;
	*) usage >&2; die "unknown option: $1" ;;
	esac
	case $1 in
	--kernel) kernel=$2 ;;
	--append) append=$2 ;;
	--module) modules+=("$2") ;;
	--output) output=$2 ;;
	--protocol) protocol=$2 ;;
	esac
	shift 2
done
if [ -z "$kernel" ] || [ -z "$output" ]; then
	usage >&2
	exit 2
fi
case $protocol in
1) boot=multiboot module=module ;;
2) boot=multiboot2 module=module2 ;;
linux) boot=linux module=initrd ;;
*) die "there is no protocol $protocol" ;;
esac
[ -f "$kernel" ] || die "no such file: $kernel"
command -v grub-mkrescue > /dev/null || die "grub-mkrescue is missing; run scripts/setup.sh"
[ -d /usr/lib/grub/i386-pc ] || die "grub-pc-bin is missing; run scripts/setup.sh"
grub-file "--is-x86-$boot" "$kernel" || die "$kernel has no header of the protocol $protocol"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/iso/boot/grub"
cp -L "$kernel" "$work/iso/boot/xen"
{
	cat <<-EOF
	serial --unit=0 --speed=115200
	terminal_input serial
	terminal_output serial
	set timeout=0
	menuentry "Xenolith" {
	 $boot /boot/xen $append
	EOF
	number=0
	for entry in "${modules[@]}"; do
		file=${entry%% *}
		args=${entry#"$file"}
		[ -f "$file" ] || die "no such module: $file"
		cp -L "$file" "$work/iso/boot/module$number"
		echo " $module /boot/module$number$args"
		number=$((number + 1))
	done
	echo "}"
} > "$work/iso/boot/grub/grub.cfg"

# Only what the entry above needs goes into GRUB; the image is for a BIOS. With fixed dates the same
# input gives the same bytes, and the same boot in an emulator that counts instructions.
date=1704067200
find "$work/iso" -exec touch -h -d "@$date" {} +
SOURCE_DATE_EPOCH=$date grub-mkrescue -d /usr/lib/grub/i386-pc --locales= --fonts= --themes= --compress=no \
	-o "$work/out.iso" "$work/iso" -- -volume_date all_file_dates "=$date" \
	-volume_date uuid 2024010100000000 > "$work/log" 2>&1 || {
	tail -n 20 "$work/log" >&2
	die "grub-mkrescue failed"
}
mv "$work/out.iso" "$output"
