#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Boots Debian's Xen 4.17 with the same dom0 kernel and initramfs that Xenolith is tested with, in
# the same emulator: what a dom0 sees there is what it should see on Xenolith.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib/common.sh
. "$here/lib/common.sh"

usage() {
	cat <<-EOF
	usage: scripts/run-peer.sh [--do ACTIONS] [--image KIND] [--smp N] [--mem SIZE] [--dom0-mem SIZE]
	         [--xen ARGS] [--linux ARGS] [OPTIONS OF qemu.py] [-- EMULATOR ARGUMENTS]

	  --do ACTIONS  what dom0 does (default info+selftest+poweroff)
	  --image KIND  dom0, dom0-stress or dom0-xl (default dom0)
	  --xen ARGS    added to the hypervisor's command line
	  --linux ARGS  added to the kernel's command line
	EOF
}

actions=info+selftest+poweroff image=dom0 smp=2 mem=2G dom0_mem=1024M xen_args='' linux_args=''
options=()
while [ $# -gt 0 ]; do
	case $1 in
	--help | -h) usage; exit 0 ;;
	--do) actions=$2; shift ;;
	--image) image=$2; shift ;;
	--smp) smp=$2; shift ;;
	--mem) mem=$2; shift ;;
	--dom0-mem) dom0_mem=$2; shift ;;
	--xen) xen_args=$2; shift ;;
	--linux) linux_args=$2; shift ;;
	--) break ;;
	*) options+=("$1") ;;
	esac
	shift
done
[ $# -eq 0 ] || shift
[ -f "$img/xen-4.17" ] || die "the boot images are missing; run scripts/setup.sh first"

# This Xen needs an emulated IOMMU for a PVH dom0, and trips over what QEMU's SVM gets wrong:
# RDTSCP and XSETBV exits, MWAIT. For the choice of QEMU see packages.txt.
exec "$here/qemu.py" --qemu "$cache/bin/qemu-stable-system-x86_64" --kernel "$img/xen-4.17" \
	--cpu EPYC,-rdtscp,-monitor,-xsave,-avx,-avx2,-f16c,-fma --smp "$smp" --mem "$mem" \
	--append "console=com1 com1=115200,8n1 loglvl=all guest_loglvl=all noreboot dom0=pvh \
dom0_mem=$dom0_mem bootscrub=0 $xen_args" \
	--module "$img/vmlinux-amd64 console=hvc0 loglevel=6 xenolith.do=$actions $linux_args" \
	--module "$img/$image-initramfs.cpio.gz" \
	--success 'XENOLITH: verdict=PASS' --failure 'XENOLITH: verdict=FAIL' \
	--failure 'Panic on CPU|Hardware Dom0 (crashed|halted)|Kernel panic' --linger 10 \
	--timeout 180 "${options[@]}" -- -device amd-iommu,intremap=on "$@"
