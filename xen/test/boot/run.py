#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boot the hypervisor with good and bad boot information and with crash=, and check what it says.

usage: run.py XENOLITH LOADER [CASE...]
"""
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../scripts"))
import qemu  # noqa: E402  pylint: disable=wrong-import-position

REJECT = r"Cannot boot: "

# What the lying loader does, and the line that must come of it.
INFO_CASES = {
    "good": r"Module 2 at 0x5003000, 12 KiB: second$",
    "grub": r"Module 2 at 0x5003000, 12 KiB: initrd second$",
    "overlapping-modules": REJECT + r"module 2 .* overlaps module 1",
    "overlapping-image": REJECT + r"module 1 .* overlaps the hypervisor",
    "module-outside": REJECT + r"module 2 .* is not in RAM; give the machine more memory",
    "module-low": REJECT + r"module 1 at 0x5000 lies in the first MiB",
    "module-empty": REJECT + r"module 2 is empty",
    "no-module": REJECT + r"no module; add",
    "many-modules": REJECT + r"more than 32 modules",
    "modules-nowhere": REJECT + r"the loader's module list is not in memory",
    "no-usable-ram": REJECT + r"the memory map has no usable RAM above 1 MiB",
    "no-map": REJECT + r"the memory map has no usable RAM above 1 MiB",
    "image-not-in-ram": REJECT + r"the hypervisor .* is not in RAM of the memory map",
    "short-entry": REJECT + r"an entry of the loader's memory map has size 4",
    "little-ram": REJECT + r"no .* KiB of memory left; give the machine more",
    "wrapping-map": REJECT + r"the hypervisor .* is not in RAM|Memory: \d+ MiB free",
    "overlapping-map": r"Memory 0000000003000000-0000000003ffffff reserved",
    "long-cmdline": REJECT + r"the command line is longer than 2047 characters",
    "bad-magic": REJECT + r"the loader speaks neither Multiboot nor PVH",
    "no-info": REJECT + r"the loader passed no Multiboot information",
    "mb2-good": r"Module 1 at 0x5000000, 12 KiB: args$",
    "mb2-bad-tag": REJECT + r"tag 6 of the loader's information has size 65536",
    "mb2-bad-map": REJECT + r"the loader's memory map has entries of 8 bytes",
    "pvh-good": r"Boot protocol: PVH",
    "pvh-old": REJECT + r"PVH start information of version 0 has no memory map",
    "pvh-no-magic": REJECT + r"the PVH start information lacks its magic number",
    "pvh-wrapping-module": REJECT + r"module 1 wraps around",
    "bundle": r"Module 1 at 0x\w+, 0 KiB: its arguments$",
    "bundle-missing": REJECT + r'the bundle has no file "third", which its "modules" names',
    "bundle-empty": REJECT + r"no module; add",
    "bundle-long": REJECT + r"a line of the bundle's \"modules\" is longer than 1023 characters",
}

# Firmware tables that lie: one line, and the boot goes on to its end, the kernel that is none.
ACPI_CASES = {
    "acpi-good": r"ACPI: root at 0x[0-9a-f]+, APIC FACP$",
    "acpi-bad-root": r"ACPI: no root pointer at 0x[0-9a-f]+ as the loader says, searching",
    "acpi-long-root": r"ACPI: no usable root table, going on without",
    "acpi-bad-sum": r"ACPI: APIC at 0x[0-9a-f]+ has a wrong checksum, ignored",
    "acpi-root-of-itself": r"ACPI: cannot map a table at 0xfffffff0, ignored|"
                           r"ACPI: .* at 0xfffffff0 .* ignored",
    "acpi-empty-entry": r"ACPI: \d+ MADT entries ignored|ACPI: APIC .* makes no sense, ignored",
    "acpi-short-fadt": r"ACPI: FACP at 0x[0-9a-f]+ makes no sense, ignored",
    "acpi-wild-fadt": r"ACPI: cannot map a table at 0xf3f3f3f3f3f3f3f3, ignored",
}

CRASH_CASES = {
    "panic": [r"Panic on CPU 0: crash=panic", r"crash_panic\+"],
    "null": [r"page fault: read at 0x10, not mapped", r"crash_null\+"],
    "write-text": [r"page fault: write at .*, forbidden", r"crash_write_text\+"],
    "write-const": [r"page fault: write at .*, forbidden", r"crash_write_constant\+"],
    "exec-data": [r"page fault: fetch at .*, forbidden", r"boot_crash_if_asked\+|start_xenolith\+"],
    "stack": [r"#DF double fault", r"crash_stack\+"],
    "opcode": [r"#UD invalid opcode", r"crash_opcode\+"],
    "msr": [r"rdmsr_safe: -14, value 0; wrmsr_safe: -14", r"#GP general protection",
            r"crash_msr\+"],
}

# What only a build with assertions and lock-rank checks notices; the other goes on.
CHECK_CASES = {
    "assert": r"Panic on CPU 0: BUG_ON\(!\(crash_kind\[0\] == '\\0'\)\) at .*crash\.c",
    "lock-order": r"Panic on CPU 0: lock order: outer_lock .* while holding inner_lock",
}

# The emulator must end by itself, without a panic and with the whole log.
STOP_CASES = ["reboot", "power-off"]
LAST_WORDS = "longer than the FIFO of a port, and the last"

# Without x2APIC, whose registers the MSR case expects not to be there.
MACHINE = {"machine": "pc", "cpu": "EPYC,-monitor", "mem": "160M"}


def run_until(machine, last):
    """All lines printed until @last matched, or until time ran out."""
    return qemu.run(machine, success=last, timeout=60)


def info_case(xenolith, loader, name, expected):
    """None, or what is wrong."""
    result = run_until(qemu.Machine(kernel=loader, append=name, modules=[xenolith], **MACHINE),
                       expected)
    rejected = [l for l in result.lines if "Cannot boot" in l]
    if result.code != qemu.SUCCESS:
        return "expected /%s/, got %s" % (expected, rejected or result.lines[-3:])
    if not expected.startswith(REJECT) and rejected:
        return rejected[0]
    if any("Panic" in l for l in result.lines):
        return "it panicked"
    return None


def acpi_case(xenolith, loader, name, expected):
    """None, or what is wrong."""
    result = run_until(qemu.Machine(kernel=loader, append=name, modules=[xenolith], **MACHINE),
                       r"Cannot boot|Panic")
    text = "\n".join(result.lines)
    if not qemu.re.search(expected, text, qemu.re.MULTILINE):
        return "no /%s/ in\n%s" % (expected, text)
    return None if "dom0 cannot be started" in result.line else result.line or "it hangs: " + text


def run_crash(xenolith, name):
    """Boot with crash= and a module, since without one nothing boots."""
    with tempfile.NamedTemporaryFile() as module:
        module.write(b"not a kernel")
        module.flush()
        machine = qemu.Machine(kernel=xenolith, append="crash=%s noreboot scrub=off" % name,
                               modules=[module.name], **MACHINE)
        return run_until(machine, r"Halted \(noreboot\)|crash=[a-z-]+ did nothing")


def stop_case(xenolith, name):
    """None, or what is wrong."""
    result = run_crash(xenolith, name)
    if result.code != qemu.DIED:
        return "still there: %s" % result.lines[-3:]
    last = result.lines[-1] if result.lines else ""
    return None if last.endswith(LAST_WORDS) else "the end of the log is missing: %s" % last


def crash_case(xenolith, name, expected):
    """None, or what is wrong."""
    result = run_crash(xenolith, name)
    text = "\n".join(result.lines)
    missing = [e for e in expected if not qemu.re.search(e, text)]
    return "missing %s in %s" % (missing, result.lines[-25:]) if missing else None


def check_case(xenolith, name, expected):
    """None, or what is wrong. The image's folder is named after the environment it is built for."""
    debug = os.path.basename(os.path.dirname(os.path.abspath(xenolith))).endswith("-debug")
    result = run_crash(xenolith, name)
    text = "\n".join(result.lines)
    if ("assertions on" in text) != debug:
        return "the banner says the wrong thing about assertions"
    if not debug:
        expected = "crash=%s did nothing" % name
    return None if qemu.re.search(expected, text) else "no /%s/ in %s" % (expected, text)


def main():
    """Run the cases named on the command line, or all; exit status 1 when one fails."""
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    xenolith, loader, chosen = sys.argv[1], sys.argv[2], sys.argv[3:]
    failed = 0
    cases = [("info/" + n, lambda n=n, e=e: info_case(xenolith, loader, n, e))
             for n, e in INFO_CASES.items()]
    cases += [("acpi/" + n, lambda n=n, e=e: acpi_case(xenolith, loader, n, e))
              for n, e in ACPI_CASES.items()]
    cases += [("crash/" + n, lambda n=n, e=e: crash_case(xenolith, n, e))
              for n, e in CRASH_CASES.items()]
    cases += [("check/" + n, lambda n=n, e=e: check_case(xenolith, n, e))
              for n, e in CHECK_CASES.items()]
    cases += [("stop/" + n, lambda n=n: stop_case(xenolith, n)) for n in STOP_CASES]
    for name, test in cases:
        if chosen and name not in chosen:
            continue
        wrong = test()
        failed += wrong is not None
        print("BOOT %s %s%s" % ("failure" if wrong else "success", name,
                                ": " + wrong if wrong else ""), flush=True)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
