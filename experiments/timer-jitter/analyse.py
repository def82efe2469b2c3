# SPDX-License-Identifier: GPL-2.0-or-later
"""Lateness: median and tail, by kind of timer, load and rate limit."""
from lab.analysis import Findings, Table, write_data

KINDS = {"timer.late.call.idle": "by hypercall, asleep", "timer.late.call.busy": "by hypercall, working",
         "timer.late.lapic.idle": "by LAPIC, asleep", "timer.late.lapic.busy": "by LAPIC, working"}
WHO = {"xenolith": "Xenolith", "xen-4.17": "Xen 4.17"}


def scenes(data):
    """(name, the cells' levels) in the order of the picture."""
    yield "Xen 4.17, alone", {"hypervisor": "xen-4.17", "load": "alone"}
    yield "Xenolith, alone", {"hypervisor": "xenolith", "load": "alone"}
    for limit in sorted(data.levels("ratelimit")):
        yield (f"Xenolith, beside a guest, limit {limit} µs",
               {"hypervisor": "xenolith", "load": "beside", "ratelimit": limit})


def analyse(data):
    """The findings."""
    rows, points = [], []
    for scene, where in scenes(data):
        for metric, kind in KINDS.items():
            for found in data.select(metric, **where):
                rows.append([scene, kind, found["value"], found["min"], found["p99"], found["max"],
                             found["max"] - found["min"]])
                points.append([scene, kind, found["value"], found["min"], found["p99"],
                               found["max"]])
    write_data(data.run, "late", ["scene", "kind", "median", "min", "p99", "max"], points)
    pairs = data.beside(KINDS, load="alone")
    ratios = [row[3] for row in pairs if row[3]]
    beside = [row for row in rows if "beside" in row[0]]
    words = [f"Alone, a timer's median lateness is {min(ratios):.2f} to {max(ratios):.2f} times "
             "Xen's."] if ratios else []
    excess = []
    for limit in data.levels("ratelimit"):
        worst = [row[5] for row in beside if f"limit {limit} " in row[0]]
        if worst:
            words.append(f"Beside a guest that works all the time, with a rate limit of {limit} µs, "
                         f"the latest is {max(worst) / 1000:.0f} µs late.")
            excess.append(max(worst) / 1000 - limit)
    fine = (not ratios or max(ratios) <= 1) and all(e < 100 for e in excess)
    return Findings(" ".join(words), "yes" if fine else "no", [
        Table("Lateness in instructions, at one a nanosecond",
              ["scene", "timer", "median", "least", "99%", "most", "spread"], rows)])
