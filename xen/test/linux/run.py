#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boot Debian's Linux as the hardware domain on emulated machines of many shapes.

usage: run.py XENOLITH [--list] [--all] [CASE...]

Each case prints `LINUX name passed|failed seconds what`; the last line is a tally for scripts:
`LINUX total PASSED FAILED SKIPPED`. Without names the cases of the everyday set run; --all adds
the large ones. A name may be a pattern such as policy-rtds-*. Serial logs are kept beside the
hypervisor in test/linux/.
"""

import argparse
import dataclasses
import fnmatch
import hashlib
import os
import re
import struct
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path.insert(0, os.path.join(ROOT, "scripts"))
import bochs  # noqa: E402  pylint: disable=wrong-import-position
import bundle  # noqa: E402  pylint: disable=wrong-import-position
import manifest  # noqa: E402  pylint: disable=wrong-import-position
import qemu  # noqa: E402  pylint: disable=wrong-import-position

SUCCESS = r"XENOLITH: verdict=PASS"
FAILURES = [r"XENOLITH: verdict=FAIL", r"Panic on CPU", r"Cannot boot", r"Kernel panic",
            r"Hardware Dom0 (crashed|halted)", r"soft lockup", r"rcu_\w+ self-detected stall",
             r"## [\w-]+: (failure|error)", r"XENOLITH-GUEST: compute=FAIL",
             # dom0 gives its devices only memory that is its own, so the driver would be wrong.
             r"IOMMU: .* refused(:| accesses of)"]
VIRTIO_DISK = ["-drive", "if=none,id=d0,format=raw,snapshot=on,file={data}",
               "-device", "virtio-blk-pci,drive=d0"]
NVME_DISK = ["-drive", "if=none,id=d0,format=raw,snapshot=on,file={data}",
             "-device", "nvme,serial=xenolith,drive=d0"]
TRACE_DISK = ["-drive", "if=none,id=d0,format=raw,file={folder}/trace.img",
              "-device", "virtio-blk-pci,drive=d0"]
TRACE_DISK_BYTES = 64 << 20
# What Debian's Xen needs of a machine, and to run a PVH dom0 on it (docs/emulators.md).
PEER_CPU = "EPYC,-rdtscp,-monitor,-xsave,-avx,-avx2,-f16c,-fma"
PEER_ARGS = "com1=115200,8n1 noreboot dom0=pvh dom0_mem=512M bootscrub=0"
PEER_IOMMU = ["-device", "amd-iommu,intremap=on"]
VIRTIO_NET = ["-netdev", "user,id=n0", "-device", "virtio-net-pci,netdev=n0"]
# The folder of the logs, as dom0's /shared.
SHARED = ["-virtfs", "local,path={folder},mount_tag=shared,security_model=none,readonly=on"]
# Devices whose DMA the machine's IOMMU translates, virtio's included.
IOMMU_DEVICES = ["-drive", "if=none,id=d0,format=raw,snapshot=on,file={data}",
                 "-device", "nvme,serial=xenolith,drive=d0",
                 "-drive", "if=none,id=d1,format=raw,snapshot=on,file={data}",
                 "-device", "virtio-blk-pci,drive=d1,iommu_platform=on,disable-legacy=on",
                 "-netdev", "user,id=n0", "-device", "e1000e,netdev=n0"]
E1000_NET = ["-netdev", "user,id=n0", "-device", "e1000,netdev=n0"]


def debian_disks(*names):
    """Disks made by scripts/image/mkdebian.sh; what is written to them is forgotten."""
    return [word for n, name in enumerate(names) for word in (
        "-drive", f"if=none,id=d{n},format=raw,snapshot=on,file={{img}}debian-{name}",
        "-device", f"virtio-blk-pci,drive=d{n}")]


# An interrupt of Bochs's virtual APIC can come while the guest has interrupts off (docs/emulators.md).
IN_BOCHS = "vmx_apic=tpr"


@dataclasses.dataclass
class Case:
    """One machine and what dom0 must do on it."""

    name: str
    what: str
    do: str = "info"
    machine: str = "q35"
    cpu: str = "EPYC,-monitor"
    smp: str = "1"
    mem: str = "1G"
    args: str = "scrub=off cpu-features=+itsc"
    kernel: str = "vmlinux-amd64"
    image: str = "dom0"
    hypervisor: str = "xenolith"    # or an image in the cache
    emulator: str = "qemu-system-x86_64"    # or one of bochs.PROGRAMS
    linux: str = ""
    guests: list = dataclasses.field(default_factory=list)      # microguests beside dom0
    extra: list = dataclasses.field(default_factory=list)
    boot: str = "multiboot1"
    timeout: float = 240
    everyday: bool = True
    repeat_icount: int = 0
    prepare: list = dataclasses.field(default_factory=list)     # for mkdebian.sh
    trace: bool = False     # dom0 writes a trace to its disk; xenalyze must understand it
    guest: int = 0          # vCPUs of a Linux guest that computes and ends, from a boot manifest
    dom0: bool = True       # false: the guest is alone
    cache: bool = False     # a page of a modelled cache whose figures stand still
    expect: tuple = ()      # lines that must come, beside those of dom0 and of the guest

    def needs(self):
        """Expressions for the lines that must all come."""
        lines = [*self.expect, *(f"## {g}: success" for g in self.guests)]
        if self.dom0:
            lines.append(SUCCESS)
        if self.guest:
            lines += [f"XENOLITH-GUEST: cpus={self.guest}$", "XENOLITH-GUEST: compute=PASS",
                      "d1 guest: ended with poweroff"]
        return lines

    def success(self):
        """For qemu.run: has the last of those lines come?"""
        left = self.needs()

        def seen(line):
            left[:] = [need for need in left if not re.search(need, line)]
            return not left
        return seen

    def actions(self):
        """What dom0 does. The machine would end with it, so it stays while there is a guest."""
        return f"{self.do}+{'shell' if self.guest else 'poweroff'}"


def policy_case(policy, cpus):
    """Linux as dom0 and a Linux guest under this policy: both compute on all their vCPUs at once."""
    dom0, guest = min(cpus, 4), cpus
    if policy == "null":    # at most one vCPU on each CPU
        dom0 = min(cpus // 2, 4)
        guest = cpus - dom0
    stay_idle = ()
    if policy == "arinc653":    # on one CPU, in windows: with two vCPUs, one spins while it waits for the other
        dom0, guest = 1, 1
        stay_idle = tuple(rf"arinc653 uses CPU 0 of its pool; CPU {cpu} stays idle$"
                          for cpu in range(1, cpus))
    beside = f"; dom0 has {dom0}" if dom0 else ", without dom0"
    return Case(f"policy-{policy}-{cpus}", f"the {policy} policy, CPUs: {cpus}; vCPUs of a Linux guest: "
                f"{guest}{beside}", do="info+compute", smp=str(cpus), dom0=dom0 > 0, guest=guest,
                args=f"scrub=off cpu-features=+itsc sched={policy} dom0_mem=512M "
                     f"dom0_max_vcpus={max(dom0, 1)} guest_console_rate=0 last_domain=stay",
                expect=(f"Scheduler: {policy}$", *stay_idle), repeat_icount=1, timeout=1800, everyday=False)


def pools_case(cpus):
    """A pool of each policy in turn, with half of the CPUs and a Linux guest that computes there."""
    return Case(f"pool-policies-{cpus}", "a pool of each policy with a Linux guest that computes there on "
                f"all vCPUs, CPUs: {cpus}; of the pool: {cpus // 2}", do="xl+pool-policies", smp=str(cpus),
                mem="2G", image="dom0-tools", repeat_icount=1, timeout=1800, everyday=False,
                args=f"scrub=off cpu-features=+itsc dom0_mem=640M dom0_max_vcpus={min(cpus // 2, 4)}")


CASES = [
    Case("one-cpu", "1 CPU, self-test of events, grants and hypercalls", do="info+selftest"),
    Case("two-cpus", "2 CPUs, self-test", do="info+selftest", smp="2"),
    Case("four-cpus-max", "4 CPUs with every feature QEMU has", smp="4", cpu="max,-monitor"),
    Case("pc-machine", "the i440fx machine, 2 CPUs", machine="pc", smp="2"),
    Case("grub", "GRUB and Multiboot 2 from a CD", boot="grub", smp="2"),
    Case("pvh-entry", "QEMU's -kernel by the PVH entry, all modules in one bundle",
         boot="pvh", smp="2"),
    Case("bzimage", "the kernel file as Debian packs it", kernel="vmlinuz-amd64"),
    Case("new-kernel", "the backports' newest kernel, packed by zstd, 2 CPUs", do="info+selftest",
         smp="2", kernel="vmlinuz-new", image="dom0-new"),
    Case("scrub", "boot-time scrub on 4 CPUs, 512 MiB", smp="4", mem="512M", args=""),
    Case("null-scheduler", "the null policy, 2 CPUs", smp="2", args="scrub=off cpu-features=+itsc sched=null"),
    Case("credit-scheduler", "the credit policy, 4 CPUs", smp="4", args="scrub=off cpu-features=+itsc sched=credit"),
    Case("virtio", "virtio disk and network with MSI-X, 2 CPUs", do="info+disk+net", smp="2",
         extra=VIRTIO_DISK + VIRTIO_NET),
    Case("nvme-e1000", "NVMe disk, e1000 network on a line interrupt", do="info+disk+net",
         extra=NVME_DISK + E1000_NET),
    Case("amd-iommu", "AMD's IOMMU: NVMe and virtio disks and an e1000e confined to dom0, 2 CPUs",
         do="info+disk+net", smp="2", extra=["-device", "amd-iommu,pt=off"] + IOMMU_DEVICES, repeat_icount=1, timeout=600,
         expect=(r"IOMMU: AMD-Vi, 1 unit,", r"IOMMU: the devices of dom0 reach its memory only")),
    Case("intel-iommu", "Intel's IOMMU: the same devices confined to dom0, 2 CPUs", do="info+disk+net",
         smp="2", extra=["-device", "intel-iommu"] + IOMMU_DEVICES, repeat_icount=1, timeout=600,
         expect=(r"IOMMU: VT-d, 1 unit,", r"IOMMU: the devices of dom0 reach its memory only")),
    *(Case(f"{name}-iommu-stress", f"{what}'s IOMMU: the same devices busy for ten minutes, no access refused, 2 CPUs",
           do="info+net+devices", smp="2", linux="xenolith.seconds=600", timeout=3600, everyday=False,
           extra=["-device", device] + IOMMU_DEVICES,
           expect=(r"IOMMU: the devices of dom0 reach its memory only",))
      for name, what, device in (("amd", "AMD", "amd-iommu,pt=off"), ("intel", "Intel", "intel-iommu"))),
    Case("iommu-guest", "a guest of our xl uses a disk of dom0 directly, behind Intel's IOMMU, 2 CPUs",
         do="xl+iommu", smp="2", image="dom0-tools", repeat_icount=1, timeout=900, everyday=False,
         extra=["-device", "intel-iommu", "-drive", "if=none,id=d0,format=raw,snapshot=on,file={data}",
                "-device", "virtio-blk-pci,drive=d0,iommu_platform=on,disable-legacy=on"]),
    Case("pci-guest", "a guest of our xl drives an NVMe disk behind Intel's IOMMU; given back and reused, 2 CPUs",
         do="xl+pci", smp="2", image="dom0-tools", repeat_icount=1, timeout=900, everyday=False,
         extra=["-device", "intel-iommu"] + NVME_DISK),
    Case("pci-guest-amd", "the same behind AMD's IOMMU", do="xl+pci", smp="2", image="dom0-tools", repeat_icount=1,
         timeout=900, everyday=False, extra=["-device", "amd-iommu,pt=off"] + NVME_DISK),
    Case("swap-tools", "Debian's tools on Xenolith: a PVH guest from creation to destruction, 2 CPUs",
         do="xl+swap", smp="2", image="dom0-xl", repeat_icount=1, timeout=400),
    Case("swap-hypervisor", "our tools on Debian's Xen: the same, 2 CPUs", do="xl+swap", smp="2",
         image="dom0-tools", hypervisor="xen-4.17", emulator="qemu-stable-system-x86_64",
         cpu=PEER_CPU, args=PEER_ARGS, extra=PEER_IOMMU, repeat_icount=1, timeout=400),
    Case("hvm-grub", "our tools: an HVM guest with QEMU boots SeaBIOS and GRUB's shell, reboots and powers off, 2 CPUs",
         do="xl+hvm-grub", smp="2", mem="2G", image="dom0-hvm", args="scrub=off cpu-features=+itsc dom0_mem=768M",
         repeat_icount=1, timeout=1500, everyday=False),
    Case("hvm-pv", "our tools: HVM guests of 2 vCPUs with emulated and PV disks and networks, events by vector and "
         "by line; they shut down, reboot and crash, 2 CPUs", do="xl+hvm-pv", smp="2", mem="2G", image="dom0-hvm",
         args="scrub=off cpu-features=+itsc dom0_mem=768M", repeat_icount=1, timeout=3600, everyday=False),
    Case("hvm", "our tools: an HVM guest with QEMU boots SeaBIOS, GRUB and Linux; its device models end, 2 CPUs",
         do="xl+hvm", smp="2", mem="2G", image="dom0-hvm", args="scrub=off cpu-features=+itsc dom0_mem=768M",
         repeat_icount=1, timeout=1800, everyday=False),
    Case("models", "two device models of one PVH guest of our xl, killed in turn, 2 CPUs", do="xl+models", smp="2",
         image="dom0-tools", repeat_icount=1, timeout=900, everyday=False),
    Case("models-hvm", "two device models of one HVM guest beside QEMU: one is killed, then QEMU, 2 CPUs", smp="2",
         do="xl+models", mem="2G", image="dom0-hvm", args="scrub=off cpu-features=+itsc dom0_mem=768M",
         linux="xenolith.type=hvm", repeat_icount=1, timeout=3600, everyday=False),
    Case("hvm-swap", "our tools on Debian's Xen: an HVM guest with QEMU boots SeaBIOS, GRUB and Linux, 2 CPUs",
         do="xl+hvm", smp="2", mem="2G", image="dom0-hvm", hypervisor="xen-4.17",
         emulator="qemu-stable-system-x86_64", cpu=PEER_CPU,
         args=PEER_ARGS.replace("512M", "768M"), extra=PEER_IOMMU, repeat_icount=1, timeout=1800, everyday=False),
    Case("swap-xl", "Debian's xl with our daemons: the same on Xenolith; then 20 guests of our xl leave "
         "nothing behind, 2 CPUs", do="xl+swap+cycles", smp="2", image="dom0-tools",
         linux="xenolith.xl=debian xenolith.cycles=20", repeat_icount=1, timeout=600,
         everyday=False),
    Case("swap-reading", "Debian's tools read and change guests of our xl, ours those of Debian's, 2 CPUs",
         do="xl+reading", smp="2", image="dom0-tools", repeat_icount=1, timeout=600, everyday=False),
    Case("psr", "our xl and Debian's monitor and divide a cache, and print the same, 2 CPUs", do="xl+psr",
         smp="2", image="dom0-tools", args="scrub=off cpu-features=+itsc psr=cmt,cat", cache=True,
         extra=["-object", "memory-backend-file,id=cache,size=8K,mem-path={folder}/cache.page,share=on",
                "-device", "ivshmem-plain,memdev=cache"], repeat_icount=1, timeout=600, everyday=False),
    Case("pools", "CPU pools with credit2, rtds and null: a guest lives in each and moves, 4 CPUs, 2 nodes",
         do="xl+pools", smp="4", mem="2G", image="dom0-tools", linux="xenolith.nodes=2",
         args="scrub=off cpu-features=+itsc dom0_mem=640M", repeat_icount=1, timeout=600,
         everyday=False,
         extra=["-object", "memory-backend-ram,id=m0,size=1G",
                "-object", "memory-backend-ram,id=m1,size=1G",
                "-numa", "node,nodeid=0,cpus=0-1,memdev=m0",
                "-numa", "node,nodeid=1,cpus=2-3,memdev=m1"]),
    Case("sched-gran-core", "2 cores of 2 threads each, scheduled by core: dom0 with 4 vCPUs computes, beside "
         "it a Linux guest with 2", do="info+compute", smp="4,sockets=1,cores=2,threads=2", guest=2,
         args="scrub=off cpu-features=+itsc sched-gran=core dom0_mem=512M guest_console_rate=0 last_domain=stay",
         expect=("Scheduling by core: 2 CPUs each$",), repeat_icount=1, timeout=900, everyday=False),
    Case("partitions", "a Linux guest in the windows of an ARINC 653 schedule, 2 CPUs",
         do="xl+partitions", smp="2", image="dom0-tools", repeat_icount=1, timeout=600,
         everyday=False),
    Case("xentrace", "Debian's xentrace records, its xenalyze reads that, 2 CPUs", do="trace",
         smp="2", image="dom0-xl", extra=TRACE_DISK, trace=True),
    Case("tools", "our xl and console daemon: a PVH guest with disk and network, its ends, and 32-bit "
         "kernels, 2 CPUs", do="xl+tools+narrow", smp="2", image="dom0-tools", timeout=600, repeat_icount=1),
    Case("tools-debian", "the same with Debian's daemons", do="xl+tools", smp="2",
         image="dom0-tools", linux="xenolith.daemons=debian", timeout=600, repeat_icount=1,
         everyday=False),
    Case("tools-killed", "our daemons killed at work, and started again, 2 CPUs", do="xl+killed",
         smp="2", image="dom0-tools", timeout=600, repeat_icount=1, everyday=False),
    Case("tools-devd", "the same with dom0 as its own driver domain, served by our xl devd", do="xl+tools",
         smp="2", image="dom0-tools", linux="xenolith.devd=1", timeout=600, repeat_icount=1,
         everyday=False),
    Case("tools-lifecycle", "our xl creates, controls and destroys guests, 2 CPUs",
         do="xl+guest+lifecycle", smp="2", image="dom0-tools", timeout=900, everyday=False),
    Case("guest-policies", "our xl: every end of a guest and every on_ setting, 2 CPUs",
         do="xl+policies", smp="2", image="dom0-tools", timeout=900, repeat_icount=1,
         args="scrub=off cpu-features=+itsc dom0_mem=640M", everyday=False),
    Case("debian-guests", "our xl: two Debian guests, worked in at their consoles, 2 CPUs",
         do="xl+debian", smp="2", mem="2G", image="dom0-tools", timeout=1500,
         args="scrub=off cpu-features=+itsc dom0_mem=1G", prepare=["guest"], repeat_icount=1,
         extra=debian_disks("guest-boot", "guest-root", "guest-root"), everyday=False),
    Case("debian-dom0", "Debian with our tools and their units as dom0, to a guest's login prompt",
         smp="2", mem="2G", image="debian-dom0", timeout=1500, repeat_icount=1,
         linux="root=/dev/vda ro swiotlb=force systemd.wants=xenolith-check.service",
         args="scrub=off cpu-features=+itsc dom0_mem=1G", prepare=["guest", "dom0"],
         extra=debian_disks("dom0", "guest-boot", "guest-root") + SHARED, everyday=False),
    *(Case(name, f"Intel's VMX in Bochs {release}: self-test beside a microguest, CPUs: {cpus}, twice with "
           "identical logs", emulator=program, smp=cpus, repeat_icount=2, do="info+selftest",
           mem="768M", guests=["pvclock"], timeout=1800,
           args="scrub=off dom0_mem=320M console_timestamps=raw " + IN_BOCHS, everyday=False)
      for name, program, release, cpus in (("bochs-stable", "bochs-stable", "2.7", "1"),
                                           ("bochs", "bochs", "3.0", "1"), ("bochs-2", "bochs", "3.0", "2"))),
    Case("bochs-short", "Intel's VMX in Bochs 3.0: to userspace on 1 CPU", emulator="bochs",
         mem="768M", timeout=1200, args="scrub=off dom0_mem=320M console_timestamps=raw " + IN_BOCHS,
         everyday=False),
    Case("icount-1", "two boots under -icount, 1 CPU, identical logs", repeat_icount=2,
         args="scrub=off cpu-features=+itsc console_timestamps=raw"),
    Case("icount-2", "two boots under -icount, 2 CPUs, identical logs", smp="2", repeat_icount=2,
         args="scrub=off cpu-features=+itsc console_timestamps=raw"),
    Case("icount-4", "two boots under -icount, 4 CPUs, identical logs", smp="4", repeat_icount=2,
         args="scrub=off cpu-features=+itsc console_timestamps=raw", everyday=False),
    Case("sixteen-cpus", "16 CPUs", smp="16", mem="2G", timeout=600, everyday=False),
    # On the wall's clock the ticks of 64 CPUs alone need more than one thread of a host gives.
    Case("sixty-four-cpus", "two boots under -icount, 64 CPUs, identical logs", smp="64", mem="4G",
         repeat_icount=2, args="scrub=off cpu-features=+itsc console_timestamps=raw",
         timeout=1500, everyday=False),
    Case("64-gib", "64 GiB of memory in 2 nodes", smp="2", mem="64G", everyday=False,
         extra=["-object", "memory-backend-ram,id=m0,size=32G,reserve=off",
                "-object", "memory-backend-ram,id=m1,size=32G,reserve=off",
                "-numa", "node,nodeid=0,cpus=0,memdev=m0",
                "-numa", "node,nodeid=1,cpus=1,memdev=m1"],
         args="scrub=off cpu-features=+itsc dom0_mem=2G"),
    Case("qemu-stable", "the release's own QEMU", smp="2", emulator="qemu-stable-system-x86_64",
         everyday=False),
    Case("stress", "stress-ng for ten minutes, 2 CPUs", do="info+stress", smp="2", mem="2G",
         image="dom0-stress", linux="xenolith.seconds=600", timeout=1200, everyday=False,
         extra=VIRTIO_DISK + VIRTIO_NET),
]
CASES += [policy_case(policy, cpus) for policy in
          ("credit2", "credit", "rtds", "arinc653", "null") for cpus in (1, 2, 4, 16)]
CASES += [pools_case(cpus) for cpus in (2, 4, 16)]   # with one CPU there is only the pool at boot


def image(name):
    return os.path.join(qemu.image_dir(), name)


def microguests(case, build):
    """The manifest's descriptions of the microguests beside dom0."""
    return [manifest.Domain(name=g, kernel=os.path.join(build, "guest", g + ".elf"), cpus=1, memory="32M")
            for g in case.guests]


def linux_guest(case):
    """The manifest's description of a Linux guest that computes on all its vCPUs."""
    return manifest.Domain(name="guest", kernel=image("vmlinux-cloud"), memory="192M", cpus=case.guest,
                           ramdisk=image("guest-initramfs.cpio.gz"),
                           bootargs="earlyprintk=xen,keep loglevel=4 xenolith.guest=compute")


def modules(case, port, folder, build):
    """dom0's kernel with its command line, its initramfs, and what a manifest needs for the rest."""
    # The host's port differs from run to run; where it is not used, the same case is the same input.
    server = f"xenolith.port={port} " if "-netdev" in case.extra else ""
    line = f"console=hvc0 earlyprintk=xen loglevel=7 xenolith.do={case.actions()} {server}{case.linux}".strip()
    mods = [f"{image(case.kernel)} {line}", image(f"{case.image}-initramfs.cpio.gz")]
    mods = mods if case.dom0 else []
    guests = microguests(case, build) + ([linux_guest(case)] if case.guest else [])
    if guests:
        path = os.path.join(folder, f"{case.name}.dtb")
        mods += manifest.Manifest(guests, after=len(mods)).write(path)
    return mods


def grub_iso(append, xenolith, out, mods):
    args = [os.path.join(ROOT, "scripts/image/mkgrub.sh"), "--kernel", xenolith,
            "--append", append, "--output", out]
    for module in mods:
        args += ["--module", module]
    subprocess.run(args, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def machine(case, xenolith, folder, port):
    mods = modules(case, port, folder, os.path.dirname(os.path.dirname(os.path.abspath(xenolith))))
    append = f"console=com1 loglvl=all guest_loglvl=all {case.args}"
    if case.emulator in bochs.PROGRAMS:
        own = os.path.join(folder, case.name)
        os.makedirs(own, exist_ok=True)
        return bochs.Machine(folder=own, kernel=xenolith, append=append, modules=mods, smp=case.smp,
                             mem=case.mem, program=case.emulator)
    places = {"{data}": image("data.ext4"), "{img}": image(""), "{folder}": folder}
    extra = list(case.extra)
    for word, place in places.items():
        extra = [a.replace(word, place) for a in extra]
    m = qemu.Machine(machine=case.machine, cpu=case.cpu, smp=case.smp, mem=case.mem, extra=extra)
    m.icount = case.repeat_icount > 0
    m.qemu = qemu.find_qemu(case.emulator)
    if case.hypervisor != "xenolith":
        xenolith = image(case.hypervisor)
    if case.boot == "grub":
        m.iso = os.path.join(folder, f"{case.name}.iso")
        grub_iso(append, xenolith, m.iso, mods)
    else:
        m.kernel, m.modules = xenolith, mods
        if case.boot == "pvh":
            m.kernel, m.modules = xenolith + "-pvh", [os.path.join(folder, f"{case.name}.cpio")]
            bundle.write(m.modules[0], mods)
        m.append = append
    return m


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def peer_program(name, *args):
    """Run one of Debian's Xen tools on this host, with its own libraries."""
    root = os.path.join(qemu.cache_dir(), "root", "peer")
    libs = ":".join(os.path.join(root, d, "x86_64-linux-gnu") for d in ("lib", "usr/lib"))
    loader = os.path.join(root, "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2")
    return subprocess.run([loader, "--library-path", libs, os.path.join(root, name), *args],
                          capture_output=True, text=True, errors="replace", check=False)


def check_trace(folder, log):
    """Cut dom0's trace out of its disk and let xenalyze judge it; returns (passed, remark)."""
    with open(log, encoding="utf-8", errors="replace") as f:
        found = re.search(r"XENOLITH: trace\.bytes=(\d+)", f.read())
    if not found or not 0 < int(found[1]) < TRACE_DISK_BYTES:
        return False, f"no trace, or too long a one (see {log})"
    path = os.path.join(folder, "xentrace.bin")
    with open(os.path.join(folder, "trace.img"), "rb") as disk, open(path, "wb") as out:
        out.write(disk.read(int(found[1])))
    summary = peer_program("usr/bin/xenalyze", "--svm-mode", "--summary", path)
    with open(os.path.join(folder, "xenalyze.txt"), "w", encoding="utf-8") as out:
        out.write(summary.stdout + summary.stderr)
    exits = re.search(r"^ *VMEXIT_VMMCALL +(\d+)", summary.stdout, re.M)
    # It misses a record of the handler's for the kinds of exits that we record as exits only.
    bad = [line for line in summary.stderr.split("\n") if "missing a handler" not in line and
           re.search(r"FATAL|ERROR|[Uu]nexpected|Unknown|Strange|WARNING", line)]
    if summary.returncode or bad or not exits:
        return False, f"xenalyze: status {summary.returncode}, {len(bad)} complaints: " \
                      f"{'; '.join(bad[:3])} (see {folder}/xenalyze.txt)"
    return True, f"{found[1]} bytes, xenalyze counts {exits[1]} VMMCALL exits"


def write_cache_page(path):
    """What the model of xen/arch/x86/psr/model.h would publish: 1 MiB in 16 ways, 4 RMIDs and classes;
    the RMIDs 1 to 3 have 96 KiB each."""
    head = struct.pack("<8sQ12I", b"XenoLCC1", 1 << 20, 64, 16, 4, 4, 2048, *[0] * 7)
    counts = struct.pack("<4Q", 96 << 10, 1 << 20, 0, 0)
    with open(path, "wb") as out:
        out.write((head + bytes(32) + 3 * counts).ljust(8192, b"\0"))


def run_case(case, xenolith, folder, port):
    """Returns (passed, remark)."""
    if case.cache:
        write_cache_page(os.path.join(folder, "cache.page"))
    digests = []
    for kind in case.prepare:
        subprocess.run([os.path.join(ROOT, "scripts/image/mkdebian.sh"), kind], check=True,
                       stdout=subprocess.DEVNULL)
    if case.trace:
        with open(os.path.join(folder, "trace.img"), "wb") as disk:
            disk.truncate(TRACE_DISK_BYTES)
    for i in range(max(case.repeat_icount, 1)):
        log = os.path.join(folder, f"{case.name}{'-' + str(i + 1) if i else ''}.log")
        result = qemu.run(machine(case, xenolith, folder, port), case.success(), FAILURES,
                          timeout=case.timeout, log=log)
        if result.code != qemu.SUCCESS:
            return False, f"{qemu.NAMES[result.code]}: {result.line or ''} (see {log})"
        digests.append(digest(log))
    if case.trace:
        return check_trace(folder, log)
    if len(set(digests)) > 1:
        return False, f"the logs differ: {log} and its earlier one"
    return True, f"log sha256 {digests[0][:16]}" if case.repeat_icount else ""


def choose(names, everything):
    if not names:
        return [c for c in CASES if everything or c.everyday]
    unknown = [n for n in names if not any(fnmatch.fnmatchcase(c.name, n) for c in CASES)]
    if unknown:
        sys.exit(f"no such case: {' '.join(unknown)}; the cases are: "
                 f"{' '.join(c.name for c in CASES)}")
    return [c for c in CASES if any(fnmatch.fnmatchcase(c.name, n) for n in names)]


def missing(case):
    """What a case needs that is fetched on demand and is not there: a name and its group; or None."""
    if case.emulator in bochs.PROGRAMS and not bochs.is_there(case.emulator):
        return "Bochs", case.emulator
    stamp = os.path.join(qemu.cache_dir(), "root", "hvm.stamp")
    if case.image == "dom0-hvm" and not os.path.exists(stamp):
        return "device model for HVM guests", "hvm"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("xenolith", nargs="?")
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--all", action="store_true", help="the large cases as well")
    parser.add_argument("--list", action="store_true", help="name the cases and stop")
    args = parser.parse_args()
    if args.list:
        for case in CASES:
            print(f"{case.name}\t{'everyday' if case.everyday else 'large'}\t{case.what}")
        return 0
    if not args.xenolith:
        parser.error("name the hypervisor's image")
    folder = os.path.join(os.path.dirname(os.path.abspath(args.xenolith)), "test", "linux")
    os.makedirs(folder, exist_ok=True)
    failed = 0
    cases = choose(args.cases, args.all)
    skipped = [c for c in cases if missing(c)]
    for case in skipped:
        what, group = missing(case)
        print(f"LINUX {case.name} skipped: no {what}; scripts/setup.sh --no-install --group {group} fetches it")
    cases = [c for c in cases if c not in skipped]
    with qemu.serve(image("data")) as port:
        for case in cases:
            start = time.monotonic()
            try:
                ok, remark = run_case(case, args.xenolith, folder, port)
            except (FileNotFoundError, subprocess.CalledProcessError) as e:
                ok, remark = False, f"{e}; run scripts/setup.sh"
            failed += not ok
            print(f"LINUX {case.name} {'passed' if ok else 'failed'} "
                  f"{time.monotonic() - start:.1f} {case.what}{': ' + remark if remark else ''}",
                  flush=True)
    print(f"LINUX total {len(cases) - failed} {failed} {len(skipped)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
