#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boot Debian's Linux as dom0 with guests beside it, say what happens, and report.

usage: demo.py BUILD [--timeout SECONDS] [--arm64 CPUS[@GIC|@efi]]

Two Linux guests and two microguests start from a boot manifest while dom0 boots. Once each has
printed its mark, dom0 is told by HTTP to go on: our xl creates a fifth guest, reads its console and
shuts it down, then the machine powers off; every domain's end prints what it used. The report goes
to the screen and, as tab-separated values, to BUILD/demo/report.tsv; the serial log is
BUILD/demo/serial.log. With --arm64 the machine is one of ARMv8, with so many CPUs and a GIC of version
3 or the one given, or started by UEFI firmware; the guest of xl has a disk and a network interface,
and the files are in BUILD/demo-arm64-CPUS. Exit status: 0 when all went well, 1 with a reason otherwise.
"""
import argparse
import dataclasses
import os
import re
import subprocess
import sys
import tempfile
import time

import bundle
import efi
import manifest
import qemu

MEMORY = "2G"
LINUX_GUESTS = ["linux-a", "linux-b"]
ACTIONS = "xenolith.port={port} xenolith.seconds={seconds}"
# What the action toolstack times of our xl, and what a person is told when it is done.
COMMANDS = {"create": "xl has created a Linux guest", "console": "xl shows the guest's console",
            "list": "xl has listed the domains", "pause": "xl has paused the guest",
            "unpause": "xl has unpaused the guest", "shutdown": "xl has seen the guest shut down"}
# The same of the action tools, which works with the guest's devices.
CHECKS = {"create": "xl has created a Linux guest with a disk and a network interface",
          "boot": "the guest is in userspace", "disk": "the guest has read its disk",
          "network": "dom0 has fetched a file from the guest",
          "shutdown": "xl has seen the guest shut down", "written": "the guest has written to its disk"}


@dataclasses.dataclass
class Arch:
    """What differs from one architecture to the other."""

    name: str                   # of the build's folder
    guests: str                 # the same of microguests
    microguests: dict           # name: vCPUs
    dom0_kernel: str            # images
    dom0_ramdisk: str
    guest_kernel: str
    guest_ramdisk: str
    guest_line: str
    dom0_line: str
    toolstack: list             # (pattern, what it means), in order


X86 = Arch(
    name="x86_64", guests="guest", microguests={"pvclock": 2, "evtchn-basics": 1},
    dom0_kernel="vmlinux-amd64", dom0_ramdisk="dom0-tools-initramfs.cpio.gz",
    guest_kernel="vmlinux-cloud", guest_ramdisk="guest-initramfs.cpio.gz",
    guest_line="earlyprintk=xen,keep loglevel=5 xenolith.guest=poweroff",
    dom0_line="console=hvc0 earlyprintk=xen loglevel=6 "
              "xenolith.do=info+selftest+net+hold+xl+toolstack+poweroff "
              "xenolith.kinds=linux xenolith.sides=ours xenolith.rounds=1 " + ACTIONS,
    toolstack=[(rf"SAMPLE linux {command} ours 0 ", told) for command, told in COMMANDS.items()])
ARM64 = Arch(
    name="arm64", guests="guest-arm64", microguests={"runstate": 1, "evtchn-basics": 1},
    dom0_kernel="vmlinuz-arm64", dom0_ramdisk="dom0-arm64-initramfs.cpio.gz",
    guest_kernel="vmlinuz-arm64", guest_ramdisk="guest-arm64-initramfs.cpio.gz",
    guest_line="earlycon=xenboot keep_bootcon loglevel=5 xenolith.guest=poweroff",
    dom0_line="console=hvc0 loglevel=6 xenolith.do=info+selftest+net+hold+xl+tools+poweroff "
              "xenolith.tools=short xenolith.guest_seconds=300 " + ACTIONS,
    toolstack=[(rf"XENOLITH: tools\.{check}=PASS", told) for check, told in CHECKS.items()])
FAILURES = [r"Panic on CPU", r"Cannot boot", r"Kernel panic", r"XENOLITH: verdict=FAIL",
            r"\(XEN\).* d\d+ crashed: ", r"## [\w-]+: (failure|error)",
            r"Manifest: .* [1-9]\d* rejected", r"soft lockup"]
DOMAIN_COLUMNS = {"memory": ", MiB", "vcpus": "", "life": ", s", "exits": ""}
END = r"Hardware domain powered off"


@dataclasses.dataclass
class Step:
    """A line to wait for, and what it means; "who" must have come that far before the end."""

    pattern: str
    say: str
    who: str = ""
    key: str = ""
    seconds: float = None


def steps(arch):
    """In the order in which they are likely to come; a group in the pattern fills {0}."""
    found = [
        Step(r"\(XEN\).*Xenolith (\S+), commit \S+", "the hypervisor speaks: version {0}",
             "hypervisor", "hypervisor"),
        Step(r"SMP: (\d+) of \d+ CPUs online", "{0} CPUs are online"),
        Step(r"Manifest: module \d+, (\d+) domains", "the boot manifest describes {0} domains"),
        Step(r"dom0: (\d+) MiB, (\d+) vCPUs", "dom0 is built: {0} MiB, {1} vCPUs", "dom0", "dom0"),
        Step(r"^\[ .*Linux version (\S+)", "dom0's kernel speaks: Linux {0}", "dom0"),
        Step(r"XENOLITH: userspace=(\S+)", "dom0 is in userspace after {0} s of its own time",
             "dom0", "userspace"),
        Step(r"XENOLITH: selftest=PASS", "dom0's self-test of events, grants and calls passed",
             "dom0", "selftest"),
        Step(r"XENOLITH: net=PASS", "dom0 has fetched files over its network card", "dom0"),
        Step(r"XENOLITH: hold=waiting", "dom0 waits for the guests"),
        Step(r"XENOLITH: xl=PASS", "dom0 runs our xenstored and console daemon", "toolstack"),
        *(Step(pattern, told, "toolstack") for pattern, told in arch.toolstack),
        Step(r"XENOLITH: verdict=PASS", "dom0 is content and powers the machine off", "dom0"),
    ]
    for number, name in enumerate(list(LINUX_GUESTS) + list(arch.microguests), 1):
        if name in arch.microguests:
            found.append(Step(rf"\(d{number}\) .*## {name}: success",
                              f"microguest {name}: success", name, name))
        else:
            found.append(Step(rf"\(d{number}\) .*XENOLITH-GUEST: ready=(\S+)",
                              f"Linux guest {name} is in userspace", name, name))
        found.append(Step(rf"\(XEN\).* d{number} {name}: shut down", f"{name} has shut down", name,
                          name + " end"))
    return found


class Story:
    """Follows the serial line, tells what it means, and lets dom0 go on when all guests are done."""

    def __init__(self, arch, go):
        self.start = time.monotonic()
        self.steps = steps(arch)
        self.timed = arch is X86
        self.guests = LINUX_GUESTS + list(arch.microguests)
        self.go = go

    def line(self, text):
        for step in self.steps:
            match = None if step.seconds is not None else re.search(step.pattern, text)
            if not match:
                continue
            step.seconds = time.monotonic() - self.start
            say(step.say.format(*match.groups()), self.start)
            break
        if not os.path.exists(self.go) and not self.missing(self.guests):
            with open(self.go, "w", encoding="utf-8") as file:
                file.write("go\n")
            say("all guests are done: telling dom0 so", self.start)

    def missing(self, names):
        """What has not come of what these domains must do."""
        return [re.sub(r"\{\d\}", "...", s.say) for s in self.steps
                if s.seconds is None and s.who in names]

    def at(self, key):
        return next((s.seconds for s in self.steps if s.key == key), None)


def say(text, start=None):
    stamp = "" if start is None else f"[{time.monotonic() - start:6.1f} s] "
    print(stamp + text, flush=True)


def image(name):
    return os.path.join(qemu.image_dir(), name)


def modules(arch, build, folder, line):
    """dom0's kernel and ramdisk, the manifest, and its modules."""
    domains = [manifest.Domain(name=n, kernel=image(arch.guest_kernel), memory="192M", cpus=1,
                               ramdisk=image(arch.guest_ramdisk), bootargs=arch.guest_line)
               for n in LINUX_GUESTS]
    domains += [manifest.Domain(name=n, kernel=os.path.join(build, arch.guests, n + ".elf"),
                                memory="32M", cpus=cpus) for n, cpus in arch.microguests.items()]
    guests = manifest.Manifest(domains, after=2).write(os.path.join(folder, "manifest.dtb"))
    return [f"{image(arch.dom0_kernel)} {line}", image(arch.dom0_ramdisk)] + guests


def machine(arch, build, folder, word, port, seconds):
    """The machine with all modules; @word names that of ARM."""
    files = modules(arch, build, folder, arch.dom0_line.format(port=port, seconds=seconds))
    kernel = os.path.join(build, arch.name, "xenolith")
    extra = ["-netdev", "user,id=n0", "-device", "virtio-net-pci,netdev=n0,romfile="]
    append = "loglvl=all guest_loglvl=all scrub=off"
    if arch is X86:
        return qemu.Machine(kernel=kernel, smp="2", mem=MEMORY, append="console=com1 " + append,
                            modules=files, extra=extra)
    cpus, _, kind = word.partition("@")
    append += f" dom0_mem=768M dom0_max_vcpus={cpus} guest_console_rate=0"
    common = {"smp": cpus, "mem": MEMORY, "cpu": "cortex-a57", "icount": True,
              "qemu": qemu.find_qemu("qemu-system-aarch64")}
    if kind == "efi":
        extra = extra + efi.disk(folder, kernel, efi.configuration(files, append),
                                 [f.partition(" ")[0] for f in files])
        return qemu.Machine(machine=efi.MACHINE, extra=extra, **common)
    bundle.write(os.path.join(folder, "modules"), files)
    return qemu.Machine(kernel=kernel, machine=f"virt,virtualization=on,gic-version={kind or 3}",
                        modules=[os.path.join(folder, "modules")], append=append, extra=extra,
                        **common)


def first(lines, pattern, fallback="-"):
    """The first group of the first line that matches."""
    for text in lines:
        match = re.search(pattern, text)
        if match:
            return match.group(1)
    return fallback


def domain_rows(lines):
    """What each domain's end said: its size, its life, its exits by reason."""
    ends = [re.search(r"\(XEN\).* d(\d+) ([\w-]+): (?:shut down|still up) after (\d+) ms, "
                      r"(\d+) MiB, (\d+) vCPUs", text) for text in lines]
    for match in filter(None, ends):
        number, name, life, mib, vcpus = match.groups()
        yield "memory", name, mib, "MiB"
        yield "vcpus", name, vcpus, ""
        yield "life", name, f"{int(life) / 1000:.1f}", "s of the hypervisor's time"
        for word in first(lines, rf"d{number} exits: (.*)", "").split():
            reason, count = word.split("=")
            yield "exits", f"{name} {reason}", count, ""


def rows(result, story, mach):
    """The whole report as (what, of whom, value, unit)."""
    version = subprocess.run([mach.qemu or qemu.find_qemu(), "--version"], capture_output=True, text=True,
                             timeout=30, check=True).stdout
    yield "version", "Xenolith", first(result.lines, r"Xenolith .*commit (\S+)"), ""
    yield "version", "QEMU", first([version], r"version (\S+)"), ""
    yield "version", "dom0's kernel", first(result.lines, r"XENOLITH: kernel=(\S+)"), ""
    yield "version", "guests' kernel", first(result.lines, r"XENOLITH-GUEST: kernel=(\S+)"), ""
    yield "machine", "CPUs, memory", f"{mach.smp}, {mach.mem}", f"{mach.machine}, -cpu {mach.cpu}"
    for key, what in (("hypervisor", "hypervisor's first line"), ("dom0", "dom0 built"),
                      ("userspace", "dom0's userspace"), *((n, f"{n}'s mark") for n in story.guests)):
        yield "boot", what, f"{story.at(key):.1f}", "s of the host's time"
    yield "boot", "dom0's userspace, own clock", first(result.lines,
                                                       r"XENOLITH: userspace=(\S+)"), "s"
    yield "cost", "hypercall from dom0", first(result.lines, r"selftest\.hypercall\.ns=(\d+)"), "ns, emulated"
    yield "heap", "free before domains", first(result.lines, r"Memory: (\d+) MiB free"), "MiB"
    for command in COMMANDS if story.timed else ():
        ns = first(result.lines, rf"SAMPLE linux {command} ours 0 (\d+)")
        yield "toolstack", f"xl {command}", f"{int(ns) / 1e6:.0f}", "ms, emulated"
    yield from domain_rows(result.lines)


def print_domains(table):
    """The domains as columns: what each had, then its exits by reason, the many first."""
    cells, names, lines = {}, [], {}
    for what, name, value, _ in table:
        if what not in DOMAIN_COLUMNS:
            continue
        name, _, reason = name.partition(" ")
        names += [] if name in names else [name]
        label = f"{what} {reason}".strip()
        cells[label, name] = value
        lines[label] = lines.get(label, 0) + (int(value) if what == "exits" else 1 << 62)
    names.reverse()
    print("\n" + f"{'domains':20}" + "".join(f"{name:>16}" for name in names))
    for label in sorted(lines, key=lambda k: -lines[k]):
        unit = DOMAIN_COLUMNS[label.split(" ")[0]]
        print(f"{label + unit:20}" + "".join(f"{cells.get((label, n), 0):>16}" for n in names))


def report(table, path):
    with open(path, "w", encoding="utf-8") as file:
        file.write("what\tname\tvalue\tunit\n")
        file.writelines("\t".join(row) + "\n" for row in table)
    print()
    last = ""
    for what, name, value, unit in table:
        if what in DOMAIN_COLUMNS:
            continue
        print(f"{what if what != last else '':10}{name:32}{value:>24} {unit}".rstrip())
        last = what
    print_domains(table)
    print(f"\nThe same as tab-separated values: {path}", flush=True)


def run(arch, build, folder, word, seconds):
    """Returns (why it failed or "", table)."""
    log = os.path.join(folder, "serial.log")
    with tempfile.TemporaryDirectory() as served, tempfile.TemporaryDirectory() as scratch, \
         qemu.serve(served) as port:
        for name in os.listdir(image("data")):
            os.symlink(os.path.join(os.path.abspath(image("data")), name),
                       os.path.join(served, name))
        mach = machine(arch, build, scratch, word, port, seconds)
        mach.check()
        say(f"QEMU starts with {mach.smp} CPUs and {mach.mem}; the serial line goes to {log}")
        story = Story(arch, os.path.join(served, "go"))
        result = qemu.run(mach, END, FAILURES, seconds, log, story.line)
    everyone = [s.who for s in story.steps if s.who]
    if result.code == qemu.FAILURE:
        return f"a line tells of it: {result.line}", []
    if result.code != qemu.SUCCESS:
        return (f"{qemu.NAMES[result.code]} after {result.seconds:.0f} s; what did not come: " +
                "; ".join(story.missing(everyone)) +
                ("\n" + result.errors.rstrip() if result.code == qemu.DIED else "")), []
    if story.missing(everyone):
        return "the machine ended, but these did not come: " + "; ".join(story.missing(everyone)), []
    return "", list(rows(result, story, mach))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", metavar="BUILD")
    parser.add_argument("--timeout", type=float, default=900, help="default: %(default)s seconds")
    parser.add_argument("--arm64", metavar="CPUS", default="",
                        help="a machine of ARMv8: CPUS, CPUS@2 (a GICv2) or CPUS@efi")
    args = parser.parse_args()
    arch = ARM64 if args.arm64 else X86
    folder = os.path.join(args.build, f"demo-arm64-{args.arm64}" if args.arm64 else "demo")
    os.makedirs(folder, exist_ok=True)
    try:
        why, table = run(arch, args.build, folder, args.arm64, args.timeout)
    except (OSError, manifest.ManifestError, subprocess.SubprocessError) as err:
        why, table = f"{err}; make demo makes what is needed", []
    if why:
        print(f"demo: failed: {why}", file=sys.stderr)
        if os.path.exists(os.path.join(folder, "serial.log")):
            print(f"demo: the whole log is {os.path.join(folder, 'serial.log')}", file=sys.stderr)
        return 1
    report(table, os.path.join(folder, "report.tsv"))
    say("demo: all went well")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
