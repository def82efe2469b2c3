# SPDX-License-Identifier: GPL-2.0-or-later
"""EOIs in both modes of the local APIC, split into access and work."""
from lab.analysis import Findings, Table, write_data

NAMES = {
    "irq.eoi.xapic": "EOI in the handler, xAPIC", "irq.eoi.none.xapic": "EOI with nothing in service, xAPIC",
    "irq.eoi.x2apic": "EOI in the handler, x2APIC",
    "irq.eoi.none.x2apic": "EOI with nothing in service, x2APIC",
    "irq.self.xapic": "self-IPI to its handler, xAPIC", "irq.self.x2apic": "self-IPI to its handler, x2APIC",
    "irq.icr.read.xapic": "read of a register, xAPIC", "irq.id.x2apic": "read of a register, x2APIC",
    "irq.line": "a device's line to its handler",
}
MODES = {"xapic": "xAPIC", "x2apic": "x2APIC"}
WANTED = 0.5


def analyse(data):
    """The findings."""
    rows = data.beside(NAMES)
    bars, ratios = [], []
    for mode in MODES:
        for hypervisor in data.levels("hypervisor"):
            whole = data.value("irq.eoi." + mode, hypervisor=hypervisor)
            alone = data.value("irq.eoi.none." + mode, hypervisor=hypervisor)
            if whole and alone:
                bars.append([MODES[mode],
                             {"xenolith": "Xenolith", "xen-4.17": "Xen 4.17"}[hypervisor],
                             min(alone, whole), max(0, whole - alone), whole])
        ours, theirs = (data.value("irq.eoi." + mode, hypervisor=h)
                        for h in ("xenolith", "xen-4.17"))
        if ours and theirs:
            ratios.append((ours / theirs, mode, ours, theirs))
    write_data(data.run, "eoi", ["mode", "who", "access", "work", "whole"], bars)
    answer = " ".join(f"In {MODES[mode]} mode an EOI costs {ours:.0f} instructions, {ratio:.2f} "
                      f"times Xen's {theirs:.0f}." for ratio, mode, ours, theirs in ratios)
    others = [row[3] for row in rows if row[3] and "in the handler" not in row[0]]
    if others:
        answer += (f" The other rows cost {min(others):.2f} to {max(others):.2f} times what they "
                   "cost on Xen.")
    fine = ratios and max(ratios)[0] <= WANTED
    return Findings(answer or "Only one hypervisor was measured.",
                    "open" if not ratios else "yes" if fine else "no",
                    [Table("Instructions", ["what", "Xenolith", "Xen 4.17", "ratio"], rows)])
