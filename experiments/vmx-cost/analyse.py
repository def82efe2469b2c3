# SPDX-License-Identifier: GPL-2.0-or-later
"""Costs of both sides by kind of exit, and their ratio beside the limit."""
from lab.analysis import Findings, Table, write_data

NAMES = {
    "exit.hypercall": "null hypercall", "exit.hypercall.unknown": "unknown hypercall",
    "exit.cpuid": "CPUID of the hypervisor", "exit.cpuid.features": "CPUID of features",
    "exit.msr.read": "MSR read (APIC base)", "exit.msr.write": "MSR write (PAT)",
    "exit.msr.direct": "MSR write (kernel GS base)", "exit.rdtsc": "RDTSC",
    "exit.port.pit": "port of the timer", "exit.port.none": "port of nothing",
    "exit.port.delay": "port 0x80", "exit.port.serial": "port of a serial line",
    "exit.mmio.lapic.read": "APIC register read", "exit.mmio.lapic.write": "APIC register write (TPR)",
    "exit.mmio.hpet": "HPET read", "exit.mmio.hole.read": "read of nothing",
    "exit.mmio.hole.write": "write to nothing", "exit.npf.first": "first access to a page of nothing",
    "event.unbound": "event to no channel", "event.self.masked": "event to self, masked",
    "event.self": "event to self", "event.loop": "event to self, taken in a loop",
    "event.self.delivery.callback": "event to self, to its callback handler",
    "event.self.delivery.vector": "event to self, to its vector's handler",
    "sched.yield": "yield", "sched.poll.pending": "poll of what is pending",
    "timer.set.call": "timer by hypercall", "timer.set.lapic": "timer by APIC register",
    "irq.self.xapic": "self-IPI to its handler, xAPIC", "irq.self.x2apic": "self-IPI to its handler, x2APIC",
    "irq.eoi.xapic": "EOI in the handler, xAPIC", "irq.eoi.x2apic": "EOI in the handler, x2APIC",
    "irq.eoi.none.xapic": "EOI with nothing in service, xAPIC",
    "irq.eoi.none.x2apic": "EOI with nothing in service, x2APIC",
    "irq.icr.read.xapic": "ICR read, xAPIC", "irq.id.x2apic": "ID read, x2APIC",
}
# What the picture shows.
DRAWN = ["exit.hypercall", "exit.cpuid", "exit.msr.read", "exit.port.pit", "exit.mmio.lapic.read",
         "exit.npf.first", "event.self", "sched.yield", "timer.set.call", "irq.self.x2apic",
         "irq.eoi.x2apic"]
LIMIT = 0.5
# Below this nothing left the guest.
NO_EXIT = 60


def analyse(data):
    """The findings."""
    judged, inside = [], []
    for metric, what in NAMES.items():
        ours, theirs = (data.value(metric, hypervisor=h, apic="tpr") for h in ("xenolith", "xen-4.17"))
        virtual = data.value(metric, hypervisor="xenolith", apic="virtual")
        if ours is None or theirs is None or max(ours, theirs) <= NO_EXIT:
            inside.append([what, ours, theirs, virtual])
        else:
            judged.append([what, ours, theirs, ours / theirs, "yes" if ours <= LIMIT * theirs else "no",
                           virtual])
    tables = [Table("Instructions of a round trip", ["what", "Xenolith", "Xen 4.17", "ratio", "at most half",
                                                     "Xenolith, virtual APIC"], judged,
                    f"A figure of at most {NO_EXIT} means that nothing left the guest on that side."),
              Table("Without an exit on both sides, or not measured on one",
                    ["what", "Xenolith", "Xen 4.17", "Xenolith, virtual APIC"], inside)]
    if not judged:
        return Findings("Only one hypervisor was measured.", "open", tables)
    both = sorted((row for row in judged if min(row[1:3]) > NO_EXIT), key=lambda row: -row[2])
    drawn = [NAMES[metric] for metric in DRAWN]
    write_data(data.run, "cost", ["what", "ours", "theirs", "ratio"],
               [row[:4] for row in both if row[0] in drawn])
    missed = [f"{row[0]} ({'no exit on Xen' if row[2] <= NO_EXIT else f'{row[3]:.2f}'})"
              for row in judged if row[4] == "no"]
    ratios = [(row[3], row[0]) for row in both]
    (least, cheap), (most, dear) = min(ratios), max(ratios)
    answer = (f"What exits on both costs {least:.2f} ({cheap}) to {most:.2f} ({dear}) times Xen's. "
              + (f"{len(judged) - len(missed)} of {len(judged)} rows are at or below {LIMIT}"
                 + (f"; not so: {', '.join(missed)}." if missed else ".")))
    return Findings(answer, "no" if missed else "yes", tables)
