#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Start the hypervisor on ARMv8 in ways that cannot work, and check the one line it says.

usage: arm64.py XENOLITH [CASE...]

A line "BOOT arm64-CASE pass seconds" is printed for each.
"""
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../scripts"))
import efi  # noqa: E402  pylint: disable=wrong-import-position
import qemu  # noqa: E402  pylint: disable=wrong-import-position

# The machine, and what is said: started by QEMU, and by UEFI firmware.
CASES = {
    "el1": ({"machine": "virt,gic-version=3"}, r"^Xenolith was started at EL1 and needs EL2: "),
    "el1-gicv2": ({"machine": "virt,gic-version=2"},
                  r"^Xenolith was started at EL1 and needs EL2: "),
    "efi-el1": ({"machine": "virt,gic-version=3,acpi=off", "config": ""},
                r"^Xenolith: the firmware runs at EL1: EL2 is needed; "),
    "efi-acpi": ({"machine": "virt,virtualization=on,gic-version=3", "config": ""},
                 r"^Xenolith: the firmware has no device tree: ACPI is not supported; "),
    "efi-config": ({"machine": "virt,virtualization=on,gic-version=3,acpi=off",
                    "config": "[a]\nkernel=vmlinuz\ninitrd=x\n"},
                   r"^Xenolith: xenolith.cfg: line 3: an unknown key \(there are: "),
    "efi-file": ({"machine": "virt,virtualization=on,gic-version=3,acpi=off",
                  "config": "[a]\nkernel=vmlinuz quiet\n"},
                 r"^Xenolith: vmlinuz: there is no such file, "),
}


def one(xenolith, machine, expected):
    """None, or what is wrong; and the seconds."""
    config = machine.get("config")
    words = {"machine": machine["machine"], "kernel": xenolith}
    with tempfile.TemporaryDirectory(prefix="boot-arm64-") as folder:
        if config is not None:
            words = {"machine": machine["machine"], "extra": efi.disk(folder, xenolith, config)}
        result = qemu.run(qemu.Machine(cpu="cortex-a57", mem="512M", icount=True,
                                       qemu=qemu.find_qemu("qemu-system-aarch64"), **words),
                          success=expected, timeout=300)
    if result.code != qemu.SUCCESS:
        return f"expected /{expected}/, got {result.lines[-3:]}", result.seconds
    if config is not None:
        return None, result.seconds
    early = [line for line in result.lines if line and not re.search(expected, line)]
    if early:
        return f"more than one line: {early}", result.seconds
    return None, result.seconds


def main():
    """The command line."""
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if len(sys.argv) > 1 else 2
    try:
        qemu.find_qemu("qemu-system-aarch64")
    except FileNotFoundError:
        print("no emulator in the cache: scripts/setup.sh --no-install --group emulator-arm")
        print("BOOT total 0 0 1")
        return 0
    bad, skipped, names = 0, 0, sys.argv[2:] or list(CASES)
    for name in names:
        if "config" in CASES[name][0] and not efi.is_there():
            print(f"BOOT arm64-{name} SKIP (no firmware in the cache)")
            skipped += 1
            continue
        error, seconds = one(os.path.abspath(sys.argv[1]), *CASES[name])
        bad += bool(error)
        print(f"BOOT arm64-{name} {'FAIL' if error else 'pass'} {seconds:.0f}", flush=True)
        if error:
            print("    " + error)
    print(f"BOOT total {len(names) - bad - skipped} {bad} {skipped}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
