# SPDX-License-Identifier: GPL-2.0-or-later
"""Costs of both sides by kind of exit, and their ratio beside the limit."""
from lab.analysis import Findings, Table, write_data

# metric: (what it is, the most that it may be of Xen's)
LIMITS = {
    "exit.hypercall": ("null hypercall", 0.25), "exit.cpuid": ("CPUID", 0.25),
    "exit.msr.read": ("MSR read", 0.25), "exit.mmio.lapic.read": ("LAPIC read", 0.25),
    "exit.mmio.lapic.write": ("LAPIC write", 0.25), "event.self": ("event to self", 0.25),
    "sched.yield": ("yield", 0.25), "timer.set.call": ("timer by hypercall", 0.25),
    "timer.set.lapic": ("timer by LAPIC", 0.25), "exit.port.pit": ("port read", 1.0),
    "exit.npf.first": ("nested page fault", None),
}
# Below this nothing left the guest.
NO_EXIT = 60


def rows_of(data, emulator):
    """[what, ours, theirs, ratio, limit, kept] of what exits on both sides."""
    rows = []
    for metric, (what, limit) in LIMITS.items():
        ours, theirs = (data.value(metric, hypervisor=h, emulator=emulator)
                        for h in ("xenolith", "xen-4.17"))
        if ours and theirs and min(ours, theirs) > NO_EXIT:
            ratio = ours / theirs
            rows.append([what, ours, theirs, ratio, limit,
                         "" if limit is None else "yes" if ratio <= limit else "no"])
    return rows


def other_rows(data, emulator):
    """Everything else that was measured."""
    rows = []
    for metric in data.metrics(hypervisor="xenolith", emulator=emulator):
        if metric.startswith(("exit", "event", "sched", "timer")) and metric not in LIMITS and \
                not metric.startswith("exits."):
            rows.append([metric] + [data.value(metric, hypervisor=h, emulator=emulator)
                                    for h in ("xenolith", "xen-4.17")])
    return rows


def analyse(data):
    """The findings."""
    emulators = data.levels("emulator")
    tables, missed, ratios = [], [], []
    for emulator in emulators:
        rows = rows_of(data, emulator)
        judged = [row for row in rows if row[4] is not None]
        ratios += [(row[3], row[0]) for row in rows]
        missed += [f"{row[0]} ({row[3]:.2f}, {emulator} emulator)" for row in judged
                   if row[5] == "no"]
        tables.append(Table(f"Instructions of a round trip, {emulator} emulator",
                            ["exit", "Xenolith", "Xen 4.17", "ratio", "limit", "kept"], rows))
    rows = sorted(rows_of(data, emulators[0]), key=lambda row: -row[2])
    write_data(data.run, "cost", ["what", "ours", "theirs", "ratio"], [row[:4] for row in rows])
    tables.append(Table("Also measured", ["metric", "Xenolith", "Xen 4.17"],
                        other_rows(data, emulators[0]),
                        f"A figure below {NO_EXIT} means that nothing left the guest on that side."))
    (least, cheap), (most, dear) = min(ratios), max(ratios)
    answer = (f"Exits cost {least:.2f} ({cheap}) to {most:.2f} ({dear}) times what they cost on "
              "Xen. "
              + ("All limits are kept." if not missed else
                 f"{len(missed)} limits are not kept: {', '.join(missed)}."))
    return Findings(answer, "no" if missed else "yes", tables)
