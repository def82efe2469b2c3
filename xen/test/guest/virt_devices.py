# SPDX-License-Identifier: GPL-2.0-or-later
"""Partial device trees for guests that get devices of QEMU's ARM machine "virt".

The addresses and interrupts are those of its hw/arm/virt.c, PCI's with highmem-ecam=off.
"""
import struct

import manifest

PHANDLE_GIC = 0xfde8
IRQ_LEVEL = 4


def cells(*numbers):
    """Numbers of 32 bits."""
    return struct.pack(f">{len(numbers)}I", *numbers)


def wide(*numbers):
    """Numbers of 64 bits."""
    return struct.pack(f">{len(numbers)}Q", *numbers)


def rtc(tree):
    """A clock with an alarm (PL031), at another address than the machine's."""
    tree.begin("rtc@10000000")
    tree.prop("compatible", ["arm,pl031", "arm,primecell"])
    tree.prop("reg", wide(0x10000000, 0x1000))
    tree.prop("interrupts", cells(0, 2, IRQ_LEVEL))
    tree.prop("xen,path", "/pl031@9010000")
    tree.prop("xen,reg", wide(0x9010000, 0x1000, 0x10000000))
    tree.prop("xen,force-assign-without-iommu")
    tree.end()


def pcie(tree):
    """The PCI host bridge, with the first bus and the lowest MiB of the window, where they are."""
    tree.begin("pcie@10000000")
    tree.prop("xen,path", "/pcie@10000000")
    tree.prop("xen,reg", wide(0x3f000000, 0x100000, 0x3f000000, 0x10000000, 0x100000, 0x10000000))
    tree.end()


DEVICES = {"rtc": rtc, "pcie": pcie}


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
