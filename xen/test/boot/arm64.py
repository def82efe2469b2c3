#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Start the hypervisor on ARMv8 in ways that cannot work, and check the one line it says; and with
memory that the device tree reserves, which it must not use. Devices that no guest can have cost that
guest and one line each.

usage: arm64.py XENOLITH [CASE...]

A line "BOOT arm64-CASE pass seconds" is printed for each.
"""
import os
import re
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../scripts"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../guest"))
import bundle  # noqa: E402  pylint: disable=wrong-import-position
import efi  # noqa: E402  pylint: disable=wrong-import-position
import manifest  # noqa: E402  pylint: disable=wrong-import-position
import qemu  # noqa: E402  pylint: disable=wrong-import-position
import virt_devices  # noqa: E402  pylint: disable=wrong-import-position,import-error

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
# Registers, and what is said of the guest that is to get them.
FORBIDDEN = {
    "memory": (0x40000000, "dev: \"xen,reg\" has [0x40000000, 0x40001000), which is memory"),
    "gic": (0x8000000, "dev: \"xen,reg\" has [0x8000000, 0x8001000), which is the interrupt "
                       "controller's"),
    "console": (0x9000000, "dev: \"xen,reg\" has [0x9000000, 0x9001000), which is the "
                           "hypervisor's console"),
    "iommu": (0x9050000, "dev: \"xen,reg\" has [0x9050000, 0x9051000), which is an IOMMU's"),
    "hole": (0xb000000, "dev: \"xen,reg\" has [0xb000000, 0xb001000), where no one device of the "
                        "machine has registers"),
    "clock": (0x9010000, ""),
    "pins": (0x9030000, ""),
    "again": (0x9010000, "dev: \"xen,reg\" has [0x9010000, 0x9011000), which another guest has"),
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


def with_reserved(blob, start, size):
    """A flattened tree with one reserved piece of memory more (Devicetree Specification, 5)."""
    head = list(struct.unpack(">10I", blob[:40]))
    tree, strings = blob[head[2]:head[2] + head[9]], blob[head[3]:head[3] + head[8]]
    names = {}
    for name in ("#address-cells", "#size-cells", "ranges", "reg"):
        names[name] = len(strings)
        strings += name.encode() + b"\0"

    def node(name):
        name = name.encode() + b"\0"
        return struct.pack(">I", 1) + name + bytes(-len(name) % 4)

    def prop(name, *cells):
        return struct.pack(f">3I{len(cells)}I", 3, 4 * len(cells), names[name], *cells)
    end = struct.pack(">I", 2)
    assert tree.endswith(end + struct.pack(">I", 9))
    tree = b"".join([tree[:-8], node("reserved-memory"), prop("#address-cells", 2), prop("#size-cells", 2),
                     prop("ranges"), node("firmware"), prop("reg", 0, start, 0, size), end, end,
                     tree[-8:]])
    listed = blob[head[4]:head[4] + 16]
    assert not any(listed)          # the list of reservations is empty
    head[2], head[9] = 56, len(tree)
    head[3], head[8] = head[2] + len(tree), len(strings)
    head[1], head[4] = head[3] + len(strings), 40
    return struct.pack(">10I", *head) + listed + tree + strings


def reserved(xenolith):
    """As one(), for memory that the tree reserves: 48 MiB and a byte, and so one page more."""
    program, machine = qemu.find_qemu("qemu-system-aarch64"), "virt,virtualization=on,gic-version=3"
    free, seconds = [], 0
    with tempfile.TemporaryDirectory(prefix="boot-arm64-") as folder:
        tree = os.path.join(folder, "tree")
        subprocess.run([program, "-machine", f"{machine},dumpdtb={tree}", "-cpu", "cortex-a57", "-m", "512M",
                        "-display", "none"], check=True, capture_output=True, timeout=100)
        with open(tree, "rb") as file:
            blob = file.read()
        for size in (0, (48 << 20) + 1):
            with open(tree, "wb") as file:
                file.write(with_reserved(blob, 0x50000000, size))
            result = qemu.run(qemu.Machine(machine=machine, kernel=xenolith, cpu="cortex-a57", mem="512M",
                                           icount=True, qemu=program, extra=["-dtb", tree]),
                              success=r"Memory: \d+ MiB free of \d+ MiB", timeout=300)
            seconds += result.seconds
            found = re.search(r"Memory: \d+ MiB free of (\d+) MiB", "\n".join(result.lines))
            if not found:
                return f"no line about memory: {result.lines[-3:]}", seconds
            free.append(int(found.group(1)))
    # Figures are rounded down to MiB.
    if free[0] - free[1] not in (48, 49):
        return f"MiB of memory without and with 48 MiB reserved: {free}", seconds
    return None, seconds


def devices(xenolith):
    """As one(), for guests that are to get registers that no guest can have."""
    with tempfile.TemporaryDirectory(prefix="boot-arm64-") as folder:
        domains, packed = [], os.path.join(folder, "modules.cpio")
        for name, (start, _) in FORBIDDEN.items():
            path = os.path.join(folder, f"{name}.dtb")
            with open(path, "wb") as file:
                file.write(virt_devices.tree_of(lambda tree, at=start: virt_devices.page(tree, at)))
            domains.append(manifest.Domain(name=name, kernel=xenolith, memory="8M", cpus=1,
                                           device_tree=path))
        bundle.write(packed, manifest.Manifest(domains).write(os.path.join(folder, "manifest.dtb")))
        result = qemu.run(qemu.Machine(machine="virt,virtualization=on,gic-version=3,iommu=smmuv3",
                                       kernel=xenolith, cpu="cortex-a57", mem="512M", icount=True,
                                       append="iommu=no-intremap", modules=[packed],
                                       qemu=qemu.find_qemu("qemu-system-aarch64")),
                          success=r"Manifest: pins has 1 pieces of device memory", timeout=300)
    said = [line.split("] ", 1)[-1] for line in result.lines]
    wanted = [f"Manifest: {name}: module {i}: {why}"
              for i, (name, (_, why)) in enumerate(FORBIDDEN.items(), 3) if why]
    found = [line for line in said if re.match(r"Manifest: \w+: module ", line)]
    if found != wanted or f"Manifest: module 1, 2 domains, {len(wanted)} rejected" not in said:
        return f"expected {wanted}, got {found}; the end: {said[-3:]}", result.seconds
    if not any(re.match("command line: .*iommu.*remapped interrupts", line) for line in said):
        return f"iommu=no-intremap is not refused: {said[:5]}", result.seconds
    return None, result.seconds


OTHERS = {"reserved": reserved, "devices": devices}


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
    bad, skipped, names = 0, 0, sys.argv[2:] or [*CASES, *OTHERS]
    for name in names:
        if name not in OTHERS and "config" in CASES[name][0] and not efi.is_there():
            print(f"BOOT arm64-{name} SKIP (no firmware in the cache)")
            skipped += 1
            continue
        xenolith = os.path.abspath(sys.argv[1])
        error, seconds = OTHERS[name](xenolith) if name in OTHERS else one(xenolith, *CASES[name])
        bad += bool(error)
        print(f"BOOT arm64-{name} {'FAIL' if error else 'pass'} {seconds:.0f}", flush=True)
        if error:
            print("    " + error)
    print(f"BOOT total {len(names) - bad - skipped} {bad} {skipped}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
