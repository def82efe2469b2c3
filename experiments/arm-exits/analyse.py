# SPDX-License-Identifier: GPL-2.0-or-later
"""Costs of both sides by kind, for each version of the interrupt controller, and their ratio."""
from lab.analysis import Findings, Table, write_data

EXITS = {
    "arm.hypercall": "null hypercall", "arm.hypercall.unknown": "unknown hypercall",
    "arm.psci": "PSCI_VERSION", "arm.sysreg": "trapped register, read",
    "arm.gicd.read": "distributor, read", "arm.gicd.write": "distributor, write",
    "arm.event.masked": "event to self, masked", "arm.yield": "yield",
}
INTERRUPTS = {
    "arm.deliver.sgi": "software-generated, to self", "arm.deliver.spi": "shared, pended by software",
    "arm.deliver.event": "event to self", "arm.timer.busy": "virtual timer, vCPU working",
    "arm.timer.idle": "virtual timer, vCPU idle",
}
END = "arm.eoi"
WANTED, END_WANTED = 0.5, 20


def rows_of(data, names, machine):
    """[what, ours, theirs, ratio] of what both sides measured."""
    rows = []
    for metric, what in names.items():
        ours, theirs = (data.value(metric, hypervisor=h, machine=machine)
                        for h in ("xenolith", "xen-4.17"))
        if ours and theirs:
            rows.append([what, ours, theirs, ours / theirs])
    return rows


def analyse(data):
    """The findings."""
    tables, ratios, ends = [], [], []
    for machine in data.levels("machine"):
        end = data.value(END, hypervisor="xenolith", machine=machine)
        ends += [end] if end is not None else []
        interrupts = rows_of(data, INTERRUPTS, machine)
        ratios += [(row[3], row[0], machine) for row in interrupts]
        rows = interrupts + rows_of(data, {END: "end of interrupt, at the guest"}, machine) + \
            rows_of(data, EXITS, machine)
        if machine == "gicv3":
            write_data(data.run, "cost", ["what", "ours", "theirs", "ratio"],
                       sorted(rows, key=lambda row: -row[2]))
        tables.append(Table(f"Instructions, {machine}",
                            ["what", "Xenolith", "Xen 4.17", "ratio"], rows))
    if not ratios or not ends:
        return Findings("Only one hypervisor was measured.", "open", tables)
    (least, cheap, _), (most, dear, where) = min(ratios), max(ratios)
    answer = (f"An end of interrupt takes the guest {max(ends):.0f} instructions and no exit. "
              f"An interrupt costs {least:.2f} ({cheap}) to {most:.2f} ({dear}, {where}) times "
              "what it costs on Xen.")
    kept = most <= WANTED and max(ends) <= END_WANTED
    return Findings(answer, "yes" if kept else "no", tables)
