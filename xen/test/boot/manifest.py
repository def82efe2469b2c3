#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boot the hypervisor with good and bad manifests, and check what it says.

usage: manifest.py XENOLITH FOLDER [CASE...]      (FOLDER holds guest and guest-elf32)

A case is the domains (or the raw bytes) of a manifest, the lines that must come in their order,
and how the emulator ends: each must end by itself but for those that are stopped at their last line.
"""
import os
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../../../scripts"), HERE]
from expect import find_in_order  # noqa: E402  pylint: disable=wrong-import-position
import manifest  # noqa: E402  pylint: disable=wrong-import-position
import qemu  # noqa: E402  pylint: disable=wrong-import-position

APPEND = "com1=115200,8n1 console=com1 scrub=off guest_console_rate=0"
LAST = r"The last domain has ended, \d+ KiB free"
STOPPED = ("stays", "rejected-all", "dom0")
# On one CPU no domain runs, and so none ends, before all have been let go.
ONE_CPU = ("null-full",)


class Raw(manifest.Fdt):
    """A manifest with mistakes that Manifest would not let pass."""

    def __init__(self):
        super().__init__()
        self.begin("")
        self.begin("chosen")

    def domain(self, name, memory=4096, cpus=1, module=2, **props):
        """A description; None leaves a property out."""
        self.begin(name)
        self.prop("compatible", "xen,domain")
        if memory is not None:
            self.prop("memory", memory.to_bytes(8, "big"))
        if cpus is not None:
            self.prop("cpus", cpus)
        for key, value in props.items():
            self.prop("xenolith," + key.replace("_", "-"), value)
        if module is not None:
            self.begin("kernel")
            self.prop("compatible", "multiboot,kernel")
            self.prop("module", module)
            self.end()
        self.end()

    def blob(self):
        self.end()
        self.end()
        return super().blob()


def guests(path, *words, **more):
    """A manifest of one domain for each word, which is its command line."""
    more = {"memory": "4M", "cpus": 1} | more
    return manifest.Manifest([manifest.Domain(name=f"g{i}", kernel=path, bootargs=word, **more)
                              for i, word in enumerate(words, 1)]).dtb()


def bad_ones():
    """One of each mistake, and a good one."""
    raw = Raw()
    raw.domain("tiny", memory=512)
    raw.domain("huge", memory=1 << 40)
    raw.domain("nocpu", cpus=0)
    raw.domain("manycpus", cpus=4096)
    raw.domain("nowhere", module=9)
    raw.domain("itself", module=1)
    raw.domain("headless", module=None)
    raw.domain("far", hard_affinity="200")
    raw.domain("good", arguments="p")
    raw.domain("good", arguments="p")
    return raw.blob()


def build_failures():
    """Descriptions that are sound but cannot be built."""
    raw = Raw()
    raw.domain("big", memory=200 << 10, arguments="p")
    raw.domain("big2", memory=200 << 10, arguments="p")
    raw.domain("nokernel", module=3)
    raw.domain("small", memory=1024)
    raw.domain("good", arguments="p")
    return raw.blob()


def dom0_manifest(path):
    """The hardware domain described, and a guest beside it that ends first."""
    domains = [manifest.Domain(name="dom0", kernel=path, bootargs="i", memory="32M", cpus=1,
                               hardware_domain=True),
               manifest.Domain(name="g1", kernel=path, bootargs="p", memory="4M", cpus=1)]
    return manifest.Manifest(domains).dtb()


def cases(path):
    """name -> (manifest, lines expected in order, extra command line)."""
    return {
        "ends": (guests(path, "p", "r", "c", "t", "h", "w"),
                 [r"Manifest: module 1, 6 domains, 0 rejected",
                  r"Manifest: g1 is d1, 4096 KiB, 1 vCPUs, built in \d+ ns",
                  r"Manifest: g6 is d6", LAST + ": powering off"], ""),
        "ends-each": (guests(path, "t", "w", "h", "c", "r", "p"), None, ""),
        "elf32": (guests(path, "p", "r"),
                  [r"Manifest: g2 is d2", r"\(d\d\) hello [pr]$", LAST], ""),
        "smp": (guests(path, "p", cpus=7, memory="64M"), [r"7 vCPUs", r"\(d1\) hello p", LAST], ""),
        "many": (guests(path, *["p"] * 40), [r"40 domains, 0 rejected", LAST], ""),
        "reboot": (guests(path, "p"), [LAST + ": rebooting"], "last_domain=reboot"),
        "stays": (guests(path, "p"), [r"d1 g1: ended with poweroff", LAST + r"$"],
                  "last_domain=stay"),
        "kept": (guests(path, "p", keep=True), [r"\(d1\) hello", LAST], ""),
        "bad": (bad_ones(),
                [r'Manifest: tiny: "memory" is 512 KiB; give at least 1024 KiB',
                 r"Manifest: huge: .* but the machine has only \d+ KiB; give less",
                 r'Manifest: nocpu: "cpus" is 0; it may be 1 to 128',
                 r'Manifest: manycpus: "cpus" is 4096; it may be 1 to 128',
                 r"Manifest: nowhere: its kernel is module 9, but there are modules 1 to 2",
                 r"Manifest: itself: its kernel is module 1, which is the manifest itself",
                 r"Manifest: headless: it has no kernel; add",
                 r"Manifest: far: .* none of these CPUs is online",
                 r'Manifest: good: another domain is called "good" already; rename one',
                 r"Manifest: module 1, 1 domains, 9 rejected",
                 r"\(d\d+\) hello p", LAST], ""),
        "unbuildable": (build_failures(),
                        [r"Manifest: big2?: \d+ KiB of memory are missing; give it less, or dom0",
                         r"nokernel: the kernel module is neither an ELF file nor a bzImage",
                         r"small: the kernel needs memory at 0x[0-9a-f]+; give the domain more",
                         r"Manifest: good is d\d+", r"\(d\d+\) hello p"], ""),
        "rejected-all": (guests(path, "p").replace(b"\0memory\0", b"\0memorx\0"),
                         [r'g1: the property "memorx" is unknown', r'g1: "memory" is missing',
                          r"Cannot boot: there is no domain to start; see the lines above"], ""),
        "cut": (guests(path, "p")[:60],
                [r"Manifest: module 1 cannot be read: the device tree is cut short",
                 r"dom0: \d+ MiB", r"Hardware domain powered off"], ""),
        "credit": (guests(path, "p", "r", cpus=2, memory="16M"),
                   [r"Scheduler: credit\b", r"Manifest: g2 is d2", r"\(d\d\) hello [pr]$", LAST],
                   "sched=credit"),
        "rtds": (guests(path, "p", "r", cpus=2, memory="16M"),
                 [r"Scheduler: rtds", r"Manifest: g2 is d2", r"\(d\d\) hello [pr]$", LAST],
                 "sched=rtds"),
        "arinc653": (guests(path, "p", "r", cpus=2, memory="16M"),
                     [r"Scheduler: arinc653", r"Manifest: g2 is d2", r"\(d\d\) hello [pr]$",
                      LAST], "sched=arinc653"),
        "null": (guests(path, "p", memory="16M"),
                 [r"Scheduler: null", r"Manifest: g1 is d1", r"\(d\d\) hello p$", LAST],
                 "sched=null"),
        "null-full": (guests(path, "p", "p", "p"),
                      [r"d2v0 has no CPU of its own: it waits until one is free",
                       r"d3v0 has no CPU of its own: it waits until one is free",
                       r"d1 g1: ended with poweroff", r"\(d2\) hello", r"\(d3\) hello", LAST],
                      "sched=null"),
        "dom0": (dom0_manifest(path), [r"dom0: 32 MiB, 1 vCPUs", r"g1 is d1", r"d1 g1: ended"], ""),
    }


# How g1 to g6 of "ends-each" end, in any order.
ENDS = ["reboot", "crash", "poweroff", "crash", "reboot", "poweroff"]


def check_each(lines):
    """Each domain of "ends-each" said hello and ended in its way."""
    text = "\n".join(lines)
    for i, how in enumerate(ENDS, 1):
        for want in (rf"\(d{i}\) hello", rf"d{i} g{i}: ended with {how} after \d+ ns"):
            if not re.search(want, text):
                return want
    return None


def free_kib(lines, expression):
    """The KiB that a line reports."""
    found = [m for m in (re.search(expression, l) for l in lines) if m]
    return int(found[-1][1]) if found else None


def check_memory(name, lines):
    """Whether what the domains had came back, but for what waits to be freed a little later."""
    before = free_kib(lines, r"given back, (\d+) KiB free")
    after = free_kib(lines, r"has ended, (\d+) KiB free")
    if before is None or after is None:
        return "no report of free memory"
    if name == "kept":
        return None if after == before else "a domain to be kept was destroyed"
    return None if after > before else f"{before} KiB were free with the domains, {after} without"


def run_case(xenolith, guest, folder, name, case):
    """None, or what is wrong."""
    blob, expected, append = case
    dtb, text = os.path.join(folder, "manifest"), os.path.join(folder, "text")
    for path, data in ((dtb, blob), (text, b"not a kernel\n")):
        with open(path, "wb") as file:
            file.write(data)
    modules = [dtb, guest + ("-elf32 p" if name == "elf32" else " p"), text]
    if name != "unbuildable":
        modules.pop()
    machine = qemu.Machine(kernel=xenolith, append=f"{APPEND} {append}", modules=modules,
                           smp="1" if name in ONE_CPU else "2", mem="256M")
    stop = name in STOPPED
    failure = [r"Panic", r"ASSERT"] + ([] if name == "rejected-all" else [r"Cannot boot"])
    result = qemu.run(machine, success=expected[-1] if stop else None,
                      failure=failure, timeout=90)
    wrong = find_in_order(result.lines, expected) if expected else check_each(result.lines)
    if wrong:
        return "no /%s/ in its place; the log ends with %r:\n%s" % (
            wrong, result.lines[-1:], "\n".join(result.lines[-30:]))
    if result.code != (qemu.SUCCESS if stop else qemu.DIED):
        return "%s: %s" % (qemu.NAMES[result.code], result.line)
    return check_memory(name, result.lines) if name in ("many", "kept") else None


def main():
    """Run the cases named on the command line, or all; exit status 1 when one fails."""
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    xenolith, chosen = sys.argv[1], sys.argv[3:]
    guest = os.path.join(sys.argv[2], "guest")
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, case in cases(guest).items():
            if chosen and name not in chosen:
                continue
            wrong = run_case(xenolith, guest, folder, name, case)
            failed += wrong is not None
            passed += wrong is None
            print("BOOT %s manifest/%s%s" % ("failure" if wrong else "success", name,
                                             ": " + wrong if wrong else ""), flush=True)
    print(f"BOOT total {passed} {failed} 0")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
