# SPDX-License-Identifier: GPL-2.0-or-later
"""Quantiles of the time from a wake to the vCPU's first instruction, over the arrangements."""
from lab.analysis import Findings, Table, counted, write_data

QUANTILES = {"p50": "half of the wakes", "p99": "99 of 100", "p99.9": "999 of 1000"}
# The rate limit of credit2 and credit, and room for what the hypervisor takes.
LIMIT_US = 1100
# Its vCPUs wait for their windows.
WINDOWS = "arinc653"


def span(data, quantile, **side):
    """(least, half, most) of a quantile over the arrangements, in us, or None."""
    found = data.over_arrangements(f"domains.latency_{quantile}_ns", row="sleeper", **side)
    return [found[key] / 1000 for key in ("least", "half", "most")] if found else None


def rows_of(data):
    """[policy, CPUs, busy, wakes, then three figures for each quantile]."""
    rows = []
    for sched in data.levels("sched"):
        for cpus in data.levels("cpus"):
            for busy in data.levels("busy"):
                side = {"sched": sched, "cpus": cpus, "busy": busy}
                wakes = sum(record["value"] for record in data.select(
                    "domains.latency_samples", row="sleeper", **side))
                if wakes:
                    rows.append([sched, cpus, 0 if sched == "null" else busy, wakes,
                                 *(value for q in QUANTILES for value in span(data, q, **side))])
    return rows


def analyse(data):
    """The findings."""
    rows = rows_of(data)
    columns = ["policy", "CPUs", "busy", "wakes", *(f"{q} {what}" for q in QUANTILES
                                                    for what in ("least", "half", "most"))]
    for cpus in data.levels("cpus"):
        here = [row for row in rows if row[1] == cpus]
        write_data(data.run, f"wake-{cpus}", ["what", *columns[4:]],
                   [[f"{row[0]}, {row[2] or 'none'} busy", *row[4:]] for row in here])
    write_data(data.run, "wake", columns, rows)
    late = {}
    for row in rows:
        late[row[0]] = max(late.get(row[0], 0), row[-1])
    missed = [sched for sched, most in late.items() if most > LIMIT_US and sched != WINDOWS]
    n = len(data.levels("arrangement"))
    return Findings(
        f"In the worst of {counted(n, 'arrangement')}, 999 of 1000 wakes wait for at most "
        + ", ".join(f"{most / 1000:.3f} ms ({sched})" for sched, most in late.items())
        + f". Longer than 1.1 ms, besides arinc653: {', '.join(missed) or 'none'}.", "no" if missed else "yes",
        [Table("Microseconds from a wake to the first instruction", columns, rows,
               "Each quantile is exact in each arrangement; its least, middle and largest value over "
               "the arrangements is given. busy: vCPUs for each CPU that never sleep.")])
