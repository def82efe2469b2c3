#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boot the hypervisor with good and bad dom0 kernels, parameters and machines; check what it says.

usage: inputs.py XENOLITH FOLDER [CASE...]      (FOLDER holds guest and its kin)

A case is the bytes of the kernel module, more words for the command line, the lines that must come
in their order, and what is special about the machine. The last line ends the run: either dom0's
own end, or "Cannot boot".
"""
import bz2
import lzma
import os
import struct
import subprocess
import sys
import tempfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../../../scripts"), HERE]
import qemu  # noqa: E402  pylint: disable=wrong-import-position
from expect import find_in_order  # noqa: E402  pylint: disable=wrong-import-position

APPEND = "com1=115200,8n1 console=com1 scrub=off loglvl=all"
ENDED = r"Hardware domain powered off"
GOOD = [r"^hello p$", ENDED]
REJECT = r"Cannot boot: "
FAILED = REJECT + r"dom0 cannot be started; see the line above"


def gzip(data):
    """As gzip writes it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


def xz(data):
    """As Linux's build makes it, with the size after it."""
    return lzma.compress(data, check=lzma.CHECK_CRC32) + struct.pack("<I", len(data))


def alone(data):
    """What Linux's build calls LZMA, with the size after it."""
    return lzma.compress(data, format=lzma.FORMAT_ALONE) + struct.pack("<I", len(data))


def zstd(data):
    """As Linux's build makes it, with the size after it."""
    packed = subprocess.run(["zstd", "-22", "--ultra", "-qc"], input=data, check=True,
                            stdout=subprocess.PIPE).stdout
    return packed + struct.pack("<I", len(data))


def lz4(data):
    """A legacy frame of literals alone, with the size after it."""
    run = len(data) - 15
    block = b"\xf0" + b"\xff" * (run // 255) + bytes([run % 255]) + data
    return struct.pack("<II", 0x184c2102, len(block)) + block + struct.pack("<I", len(data))


def bzimage(payload):
    """The smallest file that looks like a Linux kernel with this payload."""
    head = bytearray(2 * 512)
    head[0x1f1] = 1
    head[0x1fe:0x200] = b"\x55\xaa"
    head[0x202:0x208] = b"HdrS\x0f\x02"
    struct.pack_into("<II", head, 0x248, 0, len(payload))
    return bytes(head) + payload


def patched(data, at, value):
    """The bytes with some of them replaced."""
    return data[:at] + value + data[at + len(value):]


def flipped(data, at):
    """One byte damaged."""
    return patched(data, at, bytes([data[at] ^ 0x55]))


def kernels(elf):
    """Good and bad files for dom0's kernel."""
    ph_offset = struct.unpack_from("<Q", elf, 32)[0]
    return {
        "elf": (elf, "", GOOD),
        "bzimage-gzip": (bzimage(gzip(elf)), "", GOOD),
        "bzimage-xz": (bzimage(xz(elf)), "", GOOD),
        "bzimage-lz4": (bzimage(lz4(elf)), "", GOOD),
        "bzimage-lzma": (bzimage(alone(elf)), "", GOOD),
        "bzimage-zstd": (bzimage(zstd(elf)), "", GOOD),
        "elf-cut": (elf[:40], "", [r"dom0: cannot boot this kernel: ", FAILED]),
        "elf-segment-outside": (patched(elf, ph_offset + 8, b"\0\0\0\x10"), "",
                                [r"dom0: cannot boot this kernel: ", FAILED]),
        "elf-foreign": (patched(elf, 18, b"\xb7\0"), "",
                        [r"dom0: cannot boot this kernel: .*machine", FAILED]),
        "elf-no-entry": (elf.replace(b"Xen\0", b"Xon\0"), "",
                         [r"dom0: cannot boot this kernel: ", FAILED]),
        "bzimage-cut": (bzimage(xz(elf))[:-200], "",
                        [r"dom0: the kernel module is cut short: the bzImage's payload lies outside",
                         FAILED]),
        "bzimage-damaged": (flipped(bzimage(xz(elf)), 1024 + 100), "",
                            [r"dom0: cannot unpack the bzImage \(xz\): ", FAILED]),
        "bzimage-zstd-damaged": (bzimage(flipped(zstd(elf), 100)), "",
                                 [r"dom0: cannot unpack the bzImage \(zstd\): ", FAILED]),
        "bzimage-bzip2": (bzimage(bz2.compress(elf) + struct.pack("<I", len(elf))), "",
                          [r"cannot unpack the bzImage \(bzip2\): not supported; unpack it with "
                           r"extract-vmlinux", FAILED]),
        "text": (b"not a kernel\n", "", [r"neither an ELF file nor a bzImage", FAILED]),
    }


def narrow_kernels(narrow):
    """The same guest as a 32-bit file."""
    return {
        "elf32": (narrow, "", GOOD),
        "elf32-zstd": (bzimage(zstd(narrow)), "", GOOD),
        "elf32-cut": (narrow[:40], "", [r"dom0: cannot boot this kernel: ", FAILED]),
        "elf32-foreign": (patched(narrow, 18, b"\x28\0"), "",
                          [r"dom0: cannot boot this kernel: .*machine", FAILED]),
    }


def parameters(elf):
    """Absurd words for the hypervisor."""
    return {
        "much-memory": (elf, "dom0_mem=1T", [REJECT + r"dom0 is to have 1048576 MiB, but only "
                                             r"\d+ MiB are free; set dom0_mem="]),
        "little-memory": (elf, "dom0_mem=1M", [REJECT + r"only 1 MiB of memory for dom0; .*"
                                               r"set dom0_mem="]),
        "absurd": (elf, "sched=typo dom0_max_vcpus=100000 maxcpus=0 nonsense=1 dom0_mem=lots "
                   "scrub=maybe clocksource=sundial",
                   [r'unknown parameter "nonsense"',
                    r"dom0_mem=lots is ignored: not a list of SIZE, min:SIZE and max:SIZE, ",
                    r"scrub=maybe is ignored: not one of off, boot",
                    r"clocksource=sundial is ignored: not one of tsc, hpet, acpi, pit",
                    r"sched=typo is unknown \(valid: credit2, [a-z0-9, ]+\); using credit2", ENDED]),
        "negative": (elf, "maxcpus=99999999999999999999 dom0_max_vcpus=-1 dom0_mem=-100M",
                     [r"maxcpus=99999999999999999999 is ignored: larger than 4294967295",
                      r"dom0: 1\d\d MiB, 1 vCPUs, mapped 1:1", ENDED]),
        "absent-port": (elf, "console=com1,com2",
                        [r"serial: nothing answers at I/O port 0x2f8, so com2 carries no log; "
                         r"correct com2= or console=", *GOOD]),
        "forms": (elf, "dom0_mem=10%,min:64M,max:96M dom0_max_vcpus=3-5 guest_loglvl=error/all "
                  "console_timestamps=datems com2=115200,8n1,0x2f8,msi console=com1,xhci",
                  [r"com2=115200,8n1,0x2f8,msi is ignored: a port's MSI is not used; ",
                   r"console=com1,xhci is ignored: xhci: this console is not built; use com1 ",
                   r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] dom0: 64 MiB, 3 vCPUs", ENDED]),
    }


def machines(elf):
    """Clocks, interrupt controllers and tables that other machines have, each used or reported."""
    ram = "memory-backend-ram,size=128M,id="
    nodes = ["-object", ram + "m0", "-object", ram + "m1",
             "-numa", "node,nodeid=0,cpus=0,memdev=m0", "-numa", "node,nodeid=1,cpus=1,memdev=m1",
             "-numa", "dist,src=0,dst=1,val=31"]
    return {
        "clock-hpet": (elf, "clocksource=hpet", [r"Time: TSC .* by HPET, system time from HPET",
                                                 ENDED]),
        "clock-acpi": (elf, "clocksource=acpi",
                       [r"Time: TSC .* by ACPI PM timer, system time from ACPI PM timer", ENDED]),
        "clock-pit": (elf, "clocksource=pit", [r"Time: TSC .* by PIT, system time from TSC",
                                               ENDED]),
        "clock-missing": (elf, "clocksource=hpet",
                          [r"Time: clocksource=hpet is ignored: this machine has none", ENDED],
                          {"machine": "q35,hpet=off"}),
        "no-hpet": (elf, "", [r"Time: TSC .* by ACPI PM timer", ENDED], {"machine": "q35,hpet=off"}),
        "x2apic": (elf, "x2apic=yes", [r"APIC: x2APIC mode, timer .*", ENDED],
                   {"cpu": "max,-monitor"}),
        "numa": (elf, "", [r"ACPI: .* SRAT SLIT", r"NUMA: 2 nodes, .*distances from the SLIT", ENDED],
                 {"extra": nodes}),
        "amd-iommu": (elf, "", [r"ACPI: AMD IOMMU described \(IVRS\)", ENDED],
                      {"extra": ["-device", "amd-iommu"]}),
        "intel-iommu": (elf, "", [r"ACPI: Intel VT-d described \(DMAR\)", ENDED],
                        {"extra": ["-device", "intel-iommu"]}),
        "reset-by-keyboard": (elf, "", [r"^the keyboard controller answers$",
                                        r"d0: reset ordered through port 0x64",
                                        r"Hardware domain asked for a reboot"], {"args": "k"}),
        "serial-polled": (elf, "com1=115200,8n1,0x3f8,0", GOOD),
        "serial-no-line": (elf, "com1=115200,8n1,0x3f8,200",
                           [r"serial: com1 is polled, as its interrupt 200 cannot be used: the "
                            r"machine has none of that number", *GOOD]),
        "serial-card": (elf, None, serial_card),
        "serial-card-line": (elf, None, serial_card_line),
    }


def at_address(elf, address):
    """The file with its segment loaded there, where it would not run."""
    ph_offset = struct.unpack_from("<Q", elf, 32)[0]
    moved = patched(elf, ph_offset + 24, struct.pack("<Q", address))
    return moved.replace(b"Xen\0" + struct.pack("<I", 0x1000000),
                         b"Xen\0" + struct.pack("<I", address))


def memory(high):
    """A kernel at 16 MiB, whose place is not the hypervisor's to take."""
    return {
        "trace-buffers": (high, "trace=all tbuf_size=4096", GOOD, {"smp": "4"}),
        "trace-buffers-large": (high, "trace=all tbuf_size=4096",
                                [REJECT + r"only \d+ MiB of memory for dom0; .*; the trace buffers "
                                 r"hold 64 MiB: tbuf_size= makes them smaller"],
                                {"smp": "4", "mem": "128M"}),
        "kernel-on-trace-buffers": (at_address(high, 0x9000000), "trace=all tbuf_size=4096",
                                    [r"dom0: the kernel needs memory at 0x9000000, but the hypervisor "
                                     r"holds it \(\d+ MiB in all, 64 MiB of them for trace buffers\);"
                                     r" give the machine more memory, or set tbuf_size= to less",
                                     FAILED], {"smp": "4", "mem": "192M"}),
        "kernel-above-dom0": (at_address(high, 0x6000000), "dom0_mem=32M",
                              [r"dom0: the kernel needs memory at 0x6000000; give the domain more",
                               FAILED]),
        "kernel-nowhere": (at_address(high, 0x40000000), "",
                           [r"dom0: the kernel needs memory at 0x40000000, where the machine has none",
                            FAILED]),
    }


def card(xenolith, folder, words, module):
    """(a machine with a serial port on a PCI card, the file of what the card sends)."""
    log = os.path.join(folder, "card")
    return qemu.Machine(kernel=xenolith, append=words, modules=[module], mem="256M",
                        extra=["-chardev", "file,id=c,path=" + log,
                               "-device", "pci-serial,chardev=c,addr=5"]), log


def missing(log, expected):
    """None, or which line of the card's is not there."""
    with open(log, encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    wrong = find_in_order(lines, expected)
    return wrong and "no /%s/ in its place on the card, which has\n%s" % (
        wrong, "\n".join(lines[-12:]))


def serial_card(xenolith, folder, kernel):
    """With the log on a PCI card's port, from its first line to its last; None, or what is wrong."""
    machine, log = card(xenolith, folder, "com1=115200,8n1,pci console=com1", kernel + " p")
    result = qemu.run(machine, timeout=60)
    wrong = missing(log, [r"Xenolith 4\.17", *GOOD])
    return wrong or (None if result.code == qemu.DIED else qemu.NAMES[result.code])


def serial_card_line(xenolith, folder, kernel):
    """The card's interrupts empty the log's ring, while dom0 stays and nothing else would."""
    # QEMU wires pin A of a q35's device 5 to line 21.
    machine, log = card(xenolith, folder, "com1=115200,8n1,pci,21 com2=115200,8n1,0x3f8,4 "
                        "console=com1,com2", kernel + " i")
    result = qemu.run(machine, success=r"^hello i$", failure=[r"Panic", r"ASSERT", r"is polled"],
                      timeout=60, linger=2)
    wrong = missing(log, [r"Xenolith 4\.17", r"^hello i$"])
    return wrong or (None if result.code == qemu.SUCCESS else qemu.NAMES[result.code])


def run_case(xenolith, folder, case):
    """None, or what is wrong."""
    data, words, expected, *special = case
    kernel = os.path.join(folder, "kernel")
    with open(kernel, "wb") as file:
        file.write(data)
    if words is None:
        return expected(xenolith, folder, kernel)
    special = special[0] if special else {}
    machine = qemu.Machine(kernel=xenolith, append=f"{APPEND} {words}",
                           modules=[kernel + " " + special.pop("args", "p")],
                           **({"smp": "2", "mem": "256M"} | special))
    result = qemu.run(machine, success=expected[-1], failure=[r"Panic", r"ASSERT"], timeout=60)
    wrong = find_in_order(result.lines, expected)
    if wrong:
        return "no /%s/ in its place; the log ends with %r:\n%s" % (
            wrong, result.lines[-1:], "\n".join(result.lines[-12:]))
    return None if result.code == qemu.SUCCESS else qemu.NAMES[result.code]


def main():
    """Run the cases named on the command line, or all; exit status 1 when one fails."""
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    xenolith, guests, chosen = sys.argv[1], sys.argv[2], sys.argv[3:]
    failed = 0
    with open(os.path.join(guests, "guest"), "rb") as file:
        elf = file.read()
    with open(os.path.join(guests, "guest-high"), "rb") as file:
        high = file.read()
    with open(os.path.join(guests, "guest-elf32"), "rb") as file:
        narrow = file.read()
    with tempfile.TemporaryDirectory() as folder:
        for name, case in (kernels(elf) | parameters(elf) | machines(elf) |
                           memory(high) | narrow_kernels(narrow)).items():
            if chosen and name not in chosen:
                continue
            wrong = run_case(xenolith, folder, case)
            failed += wrong is not None
            print("BOOT %s input/%s%s" % ("failure" if wrong else "success", name,
                                          ": " + wrong if wrong else ""), flush=True)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
