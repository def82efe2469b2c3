#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Size and cost of Xenolith beside Debian's Xen 4.17: same QEMU, command line, kernel and dom0.

usage: report-size.py BUILD [--no-run] [--timeout SECONDS]
       report-size.py --count FOLDER...

Both boot a dom0 of 512 MiB with one CPU on 1 GiB under -icount, where a tick of the TSC is one
instruction, so their raw stamps are instruction counts since power-on (the firmware's and the
loader's included, the same for both). The QEMU is the release's own, as the peer needs it. Memory
kept is what is neither dom0's nor free, as xl sees it.

Lines of code are those of C and assembler files that are neither blank nor comment. Of Xen's tree
only what an x86 hypervisor can be built from counts: not Arm, not tools, tests or firmware, nor the
ABI's headers, which Xenolith takes from Debian too. --count counts any folder. The table goes to the screen and to
BUILD/report-peer/report.tsv. Exit status: 0 when both sides were measured, 1 otherwise.
"""
import argparse
import os
import re
import struct
import sys

import code_lines
import qemu

MEMORY_MIB, DOM0_MIB = 1024, 512
CPU = "EPYC,-rdtscp,-monitor,-xsave,-avx,-avx2,-f16c,-fma"
COMMON = f"console=com1 loglvl=all console_timestamps=raw dom0_mem={DOM0_MIB}M noreboot"
# What each needs beside that; both leave free memory unscrubbed.
SIDES = {"Xenolith": "scrub=off",
         "Xen 4.17": "com1=115200,8n1 dom0=pvh bootscrub=0"}
DOM0_LINE = "console=hvc0 earlyprintk=xen loglevel=7 xenolith.do=info+selftest+xl+poweroff"
SUCCESS = r"XENOLITH: verdict=PASS"
FAILURES = [r"XENOLITH: verdict=FAIL", r"Panic on CPU", r"Cannot boot", r"Kernel panic",
            r"Hardware Dom0 (crashed|halted)"]
STAMP = re.compile(r"^\(XEN\) \[\s*([0-9a-f]{8,16})\]")
LINUX = re.compile(r"^\[ *\d+\.\d+\] .*Linux version")


def count_lines(folders):
    """Lines of .c, .h and .S files that hold more than blanks and comments."""
    total = files = 0
    for folder in folders:
        for where, _, names in sorted(os.walk(folder)):
            for name in names:
                if name.endswith(code_lines.SUFFIXES):
                    total += code_lines.count(os.path.join(where, name))
                    files += 1
    return total, files


def peer_sources():
    """What of Xen's tree belongs to its x86 hypervisor, as (folders, folders within to leave out)."""
    xen = os.path.join(qemu.cache_dir(), "root", "peer-source", "xen")
    return ([os.path.join(xen, d) for d in ("arch/x86", "common", "crypto", "drivers", "include",
                                            "lib", "xsm")],
            [os.path.join(xen, d) for d in ("include/public", "drivers/passthrough/arm",
                                            "arch/x86/boot/build32")])


def lines_of_code():
    """(Xenolith's, Xen's) lines, each without tests; None when the sources are not there."""
    ours = [f"xen/{d}" for d in sorted(os.listdir("xen"))
            if os.path.isdir(f"xen/{d}") and d != "test"]
    theirs, without = peer_sources()
    return (count_lines(ours)[0] - count_lines(["xen/arch/host"])[0],
            count_lines(theirs)[0] - count_lines(without)[0] or None)


def image_sizes(path):
    """Bytes of the file; bytes loaded and bytes occupied, from the ELF32 program headers."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:5] != b"\x7fELF\x01":
        raise ValueError(f"{path} is no 32-bit ELF file")
    offset, = struct.unpack_from("<I", data, 28)
    size, count = struct.unpack_from("<HH", data, 42)
    loads = [struct.unpack_from("<8I", data, offset + i * size) for i in range(count)]
    loads = [h for h in loads if h[0] == 1]
    return len(data), sum(h[4] for h in loads), sum(h[5] for h in loads)


def boot(name, kernel, folder, timeout):
    """Boot one side; returns its console lines, or raises RuntimeError with the reason."""
    image = qemu.image_dir()
    machine = qemu.Machine(
        kernel=kernel, append=f"{COMMON} {SIDES[name]}", cpu=CPU, mem=f"{MEMORY_MIB}M",
        icount=True, qemu=qemu.find_qemu("qemu-stable-system-x86_64"),
        extra=["-device", "amd-iommu,intremap=on"],
        modules=[f"{image}/vmlinux-amd64 {DOM0_LINE}", f"{image}/dom0-xl-initramfs.cpio.gz"])
    machine.check()
    log = os.path.join(folder, name.replace(" ", "-").lower() + ".log")
    print(f"booting dom0 on {name}; the serial line goes to {log}", flush=True)
    result = qemu.run(machine, SUCCESS, FAILURES, timeout, log)
    if result.code != qemu.SUCCESS:
        raise RuntimeError(f"{name}: {qemu.NAMES[result.code]}: {result.line or ''} (see {log})")
    print(f"{name}: dom0 was done after {result.seconds:.0f} s", flush=True)
    return result.lines


def stamps(lines):
    """TSC at the hypervisor's first line, and at its last one before dom0's kernel speaks."""
    seen = []
    for text in lines:
        match = STAMP.match(text)
        if match:
            seen.append(int(match.group(1), 16))
        elif LINUX.match(text):
            break
    # A first line may come before the clock is read.
    seen = [s for s in seen if s]
    return (seen[0], seen[-1]) if seen else (None, None)


def found(lines, pattern):
    """The first group where the pattern first matches, as a number."""
    for text in lines:
        match = re.search(pattern, text)
        if match:
            return float(match.group(1))
    return None


def measure(lines):
    """{name: value} of one boot."""
    first, last = stamps(lines)
    free = found(lines, r"^free_memory\s*: (\d+)")
    dom0 = found(lines, r"^Domain-0\s+0\s+(\d+)")
    userspace = found(lines, r"XENOLITH: userspace=(\S+)")
    kept = None if None in (free, dom0) else MEMORY_MIB - free - dom0
    return {
        "first line of the hypervisor, million instructions": _millions(first),
        "last line before dom0 starts, million instructions": _millions(last),
        "between the two, million instructions":
            None if first is None else _millions(last - first),
        "dom0's start to its userspace, million instructions":
            None if userspace is None else userspace * 1000,
        "a hypercall from dom0's userspace, instructions":
            found(lines, r"selftest\.hypercall\.ns=(\d+)"),
        "free memory with dom0 up, MiB": free,
        "memory kept (neither dom0's nor free), MiB": kept,
    }


def _millions(value):
    return None if value is None else value / 1e6


def table(build, folder, run, timeout):
    """Rows of (what, Xenolith's value, Xen's value), and why something is missing."""
    kernels = {"Xenolith": os.path.join(build, "x86_64", "xenolith"),
               "Xen 4.17": os.path.join(qemu.image_dir(), "xen-4.17")}
    sizes = [image_sizes(path) for path in kernels.values()]
    rows = [(what, *pair) for what, pair in zip(
        ("image file, bytes", "of it loaded, bytes", "memory it occupies, bytes"), zip(*sizes))]
    rows.append(("lines of code (without tests and the host port)", *lines_of_code()))
    rows.append(("lines of code of the tests", count_lines(["xen/test", "fuzz"])[0], None))
    if not run:
        return rows, ""
    measured, why = [], []
    for name, kernel in kernels.items():
        try:
            measured.append(measure(boot(name, kernel, folder, timeout)))
        except (RuntimeError, FileNotFoundError) as err:
            why.append(str(err))
            measured.append({})
    for what in dict.fromkeys([*measured[0], *measured[1]]):
        rows.append((what, measured[0].get(what), measured[1].get(what)))
    return rows, "; ".join(why)


def cell(value):
    if value is None:
        return "-"
    return f"{value:.1f}" if isinstance(value, float) and value % 1 else f"{int(value)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", nargs="?", metavar="BUILD")
    parser.add_argument("--count", nargs="+", metavar="FOLDER", help="count lines and stop")
    parser.add_argument("--no-run", action="store_true", help="sizes only, no boots")
    parser.add_argument("--timeout", type=float, default=900, help="a boot; default: %(default)s s")
    args = parser.parse_args()
    if args.count:
        print("{} lines of code in {} files".format(*count_lines(args.count)))
        return 0
    if not args.build:
        parser.error("name the build folder")
    folder = os.path.join(args.build, "report-peer")
    os.makedirs(folder, exist_ok=True)
    try:
        rows, why = table(args.build, folder, not args.no_run, args.timeout)
    except (OSError, ValueError) as err:
        sys.exit(f"report-size: {err}; make x86_64 and scripts/setup.sh make what is needed")
    rows = [(what, cell(a), cell(b)) for what, a, b in rows]
    path = os.path.join(folder, "report.tsv")
    with open(path, "w", encoding="utf-8") as file:
        file.write("what\tXenolith\tXen 4.17\n")
        file.writelines("\t".join(row) + "\n" for row in rows)
    print("\n" + f"{'':56}{'Xenolith':>14}{'Xen 4.17':>14}")
    for what, ours, theirs in rows:
        print(f"{what:56}{ours:>14}{theirs:>14}")
    print(f"\nThe same as tab-separated values: {path}")
    if why:
        print(f"report-size: failed: {why}", file=sys.stderr)
    return 1 if why else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
