#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boot Debian's arm64 kernel as dom0 on ARMv8 in QEMU, and once beside it as a guest.

usage: arm64.py XENOLITH [CPUS[@GIC|@efi|@smmu|@pass|@xl|@lend|@xen]...]
       (default: 1 2 4 4@2 2@efi 2@smmu 2@pass 2@xl 2@lend)

The initial RAM disk has busybox and a script that reports the CPUs, the interrupts and the
hypervisor, sleeps, and powers off. In dom0 it also uses the machine's devices: a virtio disk (in
memory), and a network card and a disk on PCI. For each number of CPUs, with a GIC of version 3 or the one
given, or started by UEFI firmware, a line "LINUX arm64-CPUS pass seconds" is printed; the console is kept beside the hypervisor.
With @smmu an SMMUv3 confines the devices on PCI, and refuses them nothing. With @pass the guest gets
the clock and the PCI host bridge with its devices, which the SMMUv3 confines to the guest's memory.
With @xl dom0 has our toolstack instead, which gives a guest a disk and a network interface, uses its
console, reboots it, shuts it down, lets it crash, and looks for what is left of it; with @lend it lends
the guest the machine's clock. With @xen the
hypervisor is Debian's Xen 4.17, and the toolstack does a part of that.
"""
import glob
import os
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
REPO = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(0, os.path.join(REPO, "scripts"))
sys.path.insert(0, os.path.join(REPO, "xen", "test", "guest"))
import bundle  # noqa: E402  pylint: disable=wrong-import-position,import-error
import efi  # noqa: E402  pylint: disable=wrong-import-position,import-error
import manifest  # noqa: E402  pylint: disable=wrong-import-position,import-error
import qemu  # noqa: E402  pylint: disable=wrong-import-position,import-error
import virt_devices  # noqa: E402  pylint: disable=wrong-import-position,import-error

INIT = """#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
# A guest whose console nothing reads: the kernel's log goes to the hypervisor's.
$b grep -q kmsg= /proc/cmdline && exec >/dev/kmsg 2>&1
echo "userspace: $($b grep -c ^processor /proc/cpuinfo) CPUs, on $($b cat /sys/hypervisor/type)"
before=$($b cut -d. -f1 /proc/uptime)
$b sleep 2
echo "slept $(($($b cut -d. -f1 /proc/uptime) - before)) s"
for cpu in $($b ls -d /sys/devices/system/cpu/cpu[0-9]*); do
	$b taskset $(printf %x $((1 << ${cpu##*cpu}))) $b true && echo "${cpu##*/} works"
done
if $b grep -q devices /proc/cmdline; then
	for module in @MODULES@; do
		$b insmod /lib/$module.ko || echo "no module $module"
	done
	$b sleep 1
	echo "clock: $($b cat /sys/class/rtc/rtc0/name)"
	for disk in vda vdb; do
		echo "$disk holds: $($b head -c 16 /dev/$disk), and $($b tail -c 16 /dev/$disk)"
		echo "written by Linux" | $b dd of=/dev/$disk bs=16 seek=1 count=1 conv=fsync 2>/dev/null
	done
	$b ip link set eth0 up
	$b ip addr add 10.0.2.15/24 dev eth0
	$b ping -c 3 10.0.2.2
fi
$b cat /proc/interrupts
echo "end of the script"
# The end of dom0 is the end of the machine: leave the guest time.
$b grep -q stay /proc/cmdline && $b sleep 30
$b poweroff -f
"""
EXECUTABLE, FOLDER = 0o100755, 0o040755
BAD = [r"Panic on CPU|Xen BUG|panic:", r"Kernel panic|Oops|BUG:|INFO: rcu|Call trace"]
MACHINE = "virt,virtualization=on,gic-version="
MODULES = ["drivers/virtio/virtio_mmio", "drivers/virtio/virtio_pci_modern_dev",
           "drivers/virtio/virtio_pci_legacy_dev", "drivers/virtio/virtio_pci",
           "drivers/block/virtio_blk", "net/core/failover", "drivers/net/net_failover",
           "drivers/net/virtio_net"]
DISK_BYTES = 1 << 20
# Where QEMU puts modules that Xen finds through the device tree: beyond its own image.
PEER_KERNEL, PEER_RAMDISK = 0x49000000, 0x50000000
DEBIAN_XEN = os.path.join(qemu.cache_dir(), "root", "peer-arm64", "boot", "xen-4.17-arm64")
TOOLS_IMAGE = os.path.join(qemu.image_dir(), "dom0-arm64-initramfs.cpio.gz")
CONFINING = ("smmu", "pass")
CONFINED = ",iommu_platform=on,disable-legacy=on"
# The disk in memory comes first, as its driver does.
DISKS = {"vda": "virtio-blk-device", "vdb": "virtio-blk-pci"}


def content(path):
    """A file's bytes."""
    with open(path, "rb") as file:
        return file.read()


def ramdisk(root):
    """The initial RAM disk, of programs and modules in @root."""
    folder = glob.glob(os.path.join(root, "lib", "modules", "*", "kernel"))[0]
    init = INIT.replace("@MODULES@", " ".join(os.path.basename(m) for m in MODULES))
    parts = [bundle.entry(name, b"", FOLDER) for name in ("bin", "lib", "proc", "sys", "dev")]
    parts += [bundle.entry(f"lib/{os.path.basename(m)}.ko",
                           content(os.path.join(folder, m + ".ko"))) for m in MODULES]
    parts += [bundle.entry("bin/busybox", content(os.path.join(root, "bin", "busybox")), EXECUTABLE),
              bundle.entry("init", init.encode(), EXECUTABLE), bundle.entry("TRAILER!!!", b"")]
    return b"".join(parts)


def first_bytes(disk):
    """What a new disk begins with; it ends with the same reversed."""
    return f"I am disk {disk}...".encode()[:16]


def devices(folder, confined):
    """QEMU's options for dom0's devices, those on PCI @confined by an IOMMU; the disks are files in @folder."""
    more = CONFINED if confined else ""
    options = ["-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile=" + more]
    for disk, device in DISKS.items():
        path = os.path.join(folder, disk)
        with open(path, "wb") as file:
            file.write(first_bytes(disk))
            file.seek(DISK_BYTES - 16)
            file.write(first_bytes(disk)[::-1])
        options += ["-drive", f"if=none,id={disk},format=raw,file={path}",
                    "-device", f"{device},drive={disk}" + (more if "pci" in device else "")]
    return options


def guest_loader(address, kind, path, words=""):
    """QEMU's options to put a module at an address and name it in the device tree, as Xen wants it."""
    words = words.replace(",", ",,")
    return ["-device", f"guest-loader,addr={address:#x},{kind}={path}" + (words and f",bootargs={words}")]


def boot_tools(xenolith, kernel, word, folder):
    """dom0 with our toolstack, which manages a guest; "" or what went wrong, and seconds."""
    number, _, kind = word.partition("@")
    words = "console=hvc0 loglevel=4 xenolith.guest_seconds=300 xenolith.do=info+"
    common = {"machine": MACHINE + "3", "icount": True, "cpu": "cortex-a57", "smp": number, "mem": "2G",
              "qemu": qemu.find_qemu("qemu-system-aarch64")}
    dom0 = f"dom0_mem=768M dom0_max_vcpus={number}"
    if kind == "xen":
        words += "xl+tools+poweroff xenolith.tools=short"
        machine = qemu.Machine(kernel=DEBIAN_XEN, append=f"console=dtuart bootscrub=off {dom0}",
                               extra=guest_loader(PEER_KERNEL, "kernel", kernel, words) +
                               guest_loader(PEER_RAMDISK, "initrd", TOOLS_IMAGE), **common)
    else:
        packed = os.path.join(folder, "modules")
        words += "xl+lend+poweroff" if kind == "lend" else "selftest+xl+tools+poweroff"
        bundle.write(packed, [f"{kernel} {words}", TOOLS_IMAGE])
        machine = qemu.Machine(kernel=xenolith, modules=[packed],
                               append=f"loglvl=all guest_loglvl=all scrub=off {dom0}",
                               extra=["-rtc", "clock=vm"], **common)
    result = qemu.run(machine, r"XENOLITH: verdict=PASS", BAD[:1] + [r"XENOLITH: verdict=FAIL"], 3000,
                      log_of(xenolith, word))
    if result.code != qemu.SUCCESS:
        return f"{qemu.NAMES[result.code]} {result.line}".strip(), result.seconds
    return "", result.seconds


def log_of(xenolith, word):
    """Where the console of a case is kept."""
    log = os.path.join(os.path.dirname(xenolith), "test", f"linux-arm64-{word}.log")
    os.makedirs(os.path.dirname(log), exist_ok=True)
    return log


def machine_of(xenolith, word, folder, modules, extra):
    """The machine: the kernel loader's, or one with firmware."""
    number, _, kind = word.partition("@")
    options = (f"loglvl=all guest_loglvl=all scrub=off dom0_mem=512M dom0_max_vcpus={number} "
               "guest_console_rate=0")
    common = {"cpu": "cortex-a57", "smp": number, "mem": "2G",
              "qemu": qemu.find_qemu("qemu-system-aarch64")}
    if kind == "efi":
        # The disk that dom0 looks for is the first on PCI, so the firmware's comes after it.
        extra = extra + efi.disk(folder, xenolith, efi.configuration(modules, options),
                                 [m.partition(" ")[0] for m in modules])
        return qemu.Machine(machine=efi.MACHINE, extra=extra, icount=True, **common)
    packed = os.path.join(folder, "modules")
    bundle.write(packed, modules)
    machine = MACHINE + ("3,iommu=smmuv3" if kind in CONFINING else kind or "3")
    return qemu.Machine(kernel=xenolith, machine=machine, icount=True,
                        modules=[packed], append=options, extra=extra, **common)


def boot(xenolith, kernel, word, folder):
    """One boot: dom0 and a guest, each with all CPUs; "" or what went wrong, and seconds."""
    cpus, _, kind = word.partition("@")
    cpus = int(cpus)
    disk = os.path.join(folder, "ramdisk")
    tree = os.path.join(folder, "manifest.dtb")
    words = "console=hvc0 loglevel=4 rdinit=/init"
    guest = manifest.Domain(name="guest", kernel=kernel, ramdisk=disk, bootargs=words, cpus=cpus,
                            memory="256M")
    if kind == "pass":
        guest.bootargs = "earlycon=xenboot keep_bootcon printk.devkmsg=on rdinit=/init kmsg=on devices"
        guest.device_tree = os.path.join(folder, "devices.dtb")
        with open(guest.device_tree, "wb") as file:
            file.write(virt_devices.partial_tree(["rtc", "pcie-whole"]))
    modules = [f"{kernel} {words} stay devices", disk]
    modules += manifest.Manifest([guest], after=len(modules)).write(tree)
    machine = machine_of(xenolith, word, folder, modules, devices(folder, kind in CONFINING))
    result = qemu.run(machine, r"Hardware domain powered off", BAD, 900, log_of(xenolith, word))
    text = "\n".join(result.lines)
    # Nobody reads the guest's console; it powers off where its script ends.
    wanted = [rf"^userspace: {cpus} CPUs, on xen", r"^slept [23] s", r"^end of the script",
              r"d1 guest: ended with poweroff"]
    wanted += [rf"^cpu{i} works" for i in range(cpus)]
    # What the guest has, dom0 has not; and the guest's first disk is the one on PCI.
    whose = r"^\(XEN\) .*\(d1\) .*" if kind == "pass" else "^"
    wanted.append(whose + r"3 packets transmitted, 3 packets received")
    # The firmware keeps the clock for its own services, and says so in the tree.
    wanted += [] if kind == "efi" else [whose + r"clock: rtc-pl031"]
    wanted += [r"^clock: $"] if kind == "pass" else []
    for disk in DISKS:
        first = first_bytes(disk).decode()
        seen = whose + "vda" if kind == "pass" and disk == "vdb" else "^" + disk
        wanted.append(seen + re.escape(f" holds: {first}, and {first[::-1]}"))
        if content(os.path.join(folder, disk))[16:32] != b"written by Linux":
            wanted.append(f"what Linux wrote to {disk}")
    if kind in CONFINING:
        wanted.append(r"IOMMU: the devices of dom0 reach its memory only")
        # What a device is refused would be a fault of the driver's.
        wanted += ["nothing refused"] if re.search(r"IOMMU: .* refused:", text) else []
    missing = [w for w in wanted if not re.search(w, text, re.M)]
    if result.code != qemu.SUCCESS:
        return f"{qemu.NAMES[result.code]} {result.line}".strip(), result.seconds
    return f"not seen: {missing[0]}" if missing else "", result.seconds


def what_is_missing(kind):
    """Why a case of this kind cannot be run here; "" when it can."""
    if kind == "efi" and not efi.is_there():
        return "no firmware in the cache"
    if kind in ("xl", "lend", "xen") and not os.path.exists(TOOLS_IMAGE):
        return "no image with the toolstack"
    return "no Xen in the cache" if kind == "xen" and not os.path.exists(DEBIAN_XEN) else ""


def main():
    """The command line."""
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if len(sys.argv) > 1 else 2
    root = os.path.join(qemu.cache_dir(), "root", "kernel-arm64")
    kernels = glob.glob(os.path.join(root, "boot", "vmlinuz-*"))
    program = os.path.join(qemu.cache_dir(), "bin", "qemu-system-aarch64")
    if not kernels or not os.access(program, os.X_OK):
        print("no kernel or emulator in the cache; scripts/setup.sh --no-install --group NAME fetches "
              "kernel-arm64 and emulator-arm")
        print("LINUX total 0 0 1")
        return 0
    bad, skipped, words = 0, 0, sys.argv[2:] or ["1", "2", "4", "4@2", "2@efi", "2@smmu", "2@pass", "2@xl", "2@lend"]
    for word in words:
        lacking = what_is_missing(word.partition("@")[2])
        if lacking:
            print(f"LINUX arm64-{word} SKIP ({lacking})")
            skipped += 1
            continue
        with tempfile.TemporaryDirectory(prefix="linux-arm64-") as folder:
            with open(os.path.join(folder, "ramdisk"), "wb") as file:
                file.write(ramdisk(root))
            case = boot_tools if word.endswith(("@xl", "@lend", "@xen")) else boot
            error, seconds = case(os.path.abspath(sys.argv[1]), kernels[0], word, folder)
        bad += bool(error)
        print(f"LINUX arm64-{word} {'FAIL' if error else 'pass'} {seconds:.0f}", flush=True)
        if error:
            print("    " + error)
    print(f"LINUX total {len(words) - bad - skipped} {bad} {skipped}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
