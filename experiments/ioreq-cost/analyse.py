# SPDX-License-Identifier: GPL-2.0-or-later
"""Costs of both sides by kind of access, and their ratio beside the limit."""
from lab.analysis import Findings, Table, write_data

NAMES = {
    "ioreq.port.read": "port read, answered by a model", "ioreq.port.write": "port write, answered by a model",
    "ioreq.memory.read": "memory read, answered by a model",
    "ioreq.memory.write": "memory write, answered by a model",
    "ioreq.memory.buffered": "memory write, buffered", "ioreq.port.none": "port read, claimed by no model",
    "ioreq.memory.none": "memory read, claimed by no model",
}
LIMIT = 0.5


def rows_of(data, cpus):
    """[what, ours, theirs, ratio] on a machine of so many CPUs."""
    rows = []
    for metric, what in NAMES.items():
        ours, theirs = (data.value(metric, hypervisor=h, cpus=cpus) for h in ("xenolith", "xen-4.17"))
        rows.append([what, ours, theirs, ours / theirs if ours and theirs else None])
    return rows


def analyse(data):
    """The findings."""
    tables, ratios = [], []
    for cpus in data.levels("cpus"):
        rows = rows_of(data, cpus)
        ratios += [(row[3], row[0]) for row in rows if row[3]]
        tables.append(Table(f"Instructions of an access, {cpus} CPU{'s' if cpus > 1 else ''}",
                            ["what", "Xenolith", "Xen 4.17", "ratio"], rows))
    if not ratios:
        return Findings("Only one hypervisor was measured.", "open", tables)
    write_data(data.run, "cost", ["what", "ours", "theirs", "ratio"],
               sorted(rows_of(data, data.levels("cpus")[0]), key=lambda row: -row[2]))
    (least, cheap), (most, dear) = min(ratios), max(ratios)
    return Findings(f"An access costs {least:.2f} ({cheap}) to {most:.2f} ({dear}) times what it costs on Xen.",
                    "yes" if most <= LIMIT else "no", tables)
