# SPDX-License-Identifier: GPL-2.0-or-later
"""Partial device trees for guests that get devices of QEMU's ARM machine "virt".

usage: virt_devices.py NAME...      writes the tree to the standard output

The addresses and interrupts are those of its hw/arm/virt.c, PCI's with highmem-ecam=off.
"""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../scripts"))
import manifest  # noqa: E402  pylint: disable=wrong-import-position,import-error

PHANDLE_GIC, PHANDLE_CLOCK = 0xfde8, 0xfde9
IRQ_LEVEL = 4


def cells(*numbers):
    """Numbers of 32 bits."""
    return struct.pack(f">{len(numbers)}I", *numbers)


def wide(*numbers):
    """Numbers of 64 bits."""
    return struct.pack(f">{len(numbers)}Q", *numbers)


def rtc(tree):
    """A clock with an alarm (PL031), at another address than the machine's."""
    tree.begin("apb-pclk")
    tree.prop("compatible", "fixed-clock")
    tree.prop("#clock-cells", 0)
    tree.prop("clock-frequency", 24000000)
    tree.prop("phandle", PHANDLE_CLOCK)
    tree.end()
    tree.begin("rtc@20000000")
    tree.prop("compatible", ["arm,pl031", "arm,primecell"])
    tree.prop("reg", wide(0x20000000, 0x1000))
    tree.prop("interrupt-parent", PHANDLE_GIC)
    tree.prop("interrupts", cells(0, 2, IRQ_LEVEL))
    tree.prop("clocks", PHANDLE_CLOCK)
    tree.prop("clock-names", "apb_pclk")
    tree.prop("xen,path", "/pl031@9010000")
    tree.prop("xen,reg", wide(0x9010000, 0x1000, 0x20000000))
    tree.prop("xen,force-assign-without-iommu")
    tree.end()


def pcie(tree):
    """The PCI host bridge, with the first bus and the lowest MiB of the window, where they are."""
    tree.begin("pcie@10000000")
    tree.prop("xen,path", "/pcie@10000000")
    tree.prop("xen,reg", wide(0x3f000000, 0x100000, 0x3f000000, 0x10000000, 0x100000, 0x10000000))
    tree.end()


def pcie_whole(tree):
    """The PCI host bridge as an operating system finds it (highmem-ecam=on): all buses, and 256 MiB of
    its window. Lines are swizzled over the slots as QEMU does."""
    ecam, ecam_bytes, window, window_bytes = 0x4010000000, 0x10000000, 0x10000000, 0x10000000
    lines = b"".join(cells(slot << 11, 0, 0, pin + 1, PHANDLE_GIC, 0, 3 + (slot + pin) % 4, IRQ_LEVEL)
                     for slot in range(4) for pin in range(4))
    tree.begin("pcie@10000000")
    tree.prop("compatible", "pci-host-ecam-generic")
    tree.prop("device_type", "pci")
    tree.prop("#address-cells", 3)
    tree.prop("#size-cells", 2)
    tree.prop("#interrupt-cells", 1)
    tree.prop("dma-coherent")
    tree.prop("bus-range", cells(0, 255))
    tree.prop("reg", wide(ecam, ecam_bytes))
    tree.prop("ranges", cells(0x2000000, 0, window) + wide(window, window_bytes))
    tree.prop("interrupt-map", lines)
    tree.prop("interrupt-map-mask", cells(0x1800, 0, 0, 7))
    tree.prop("xen,path", "/pcie@10000000")
    tree.prop("xen,reg", wide(ecam, ecam_bytes, ecam, window, window_bytes, window))
    tree.end()


DEVICES = {"rtc": rtc, "pcie": pcie, "pcie-whole": pcie_whole}


def page(tree, start):
    """One page of registers."""
    tree.begin("dev")
    tree.prop("xen,reg", wide(start, 0x1000, 0x10000000))
    tree.prop("xen,force-assign-without-iommu")
    tree.end()


def partial_tree(names):
    """The bytes of a tree with the devices of these names."""
    return tree_of(*(DEVICES[name] for name in names))


def tree_of(*writers):
    """The bytes of a tree in which each writer has written a node."""
    tree = manifest.Fdt()
    tree.begin("")
    tree.prop("#address-cells", 2)
    tree.prop("#size-cells", 2)
    tree.begin("gic")
    tree.prop("#interrupt-cells", 3)
    tree.prop("interrupt-controller")
    tree.prop("phandle", PHANDLE_GIC)
    tree.end()
    tree.begin("passthrough")
    tree.prop("compatible", "simple-bus")
    tree.prop("ranges")
    tree.prop("#address-cells", 2)
    tree.prop("#size-cells", 2)
    for write in writers:
        write(tree)
    tree.end()
    tree.end()
    return tree.blob()


if __name__ == "__main__":
    sys.stdout.buffer.write(partial_tree(sys.argv[1:]))
