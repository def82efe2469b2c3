# SPDX-License-Identifier: GPL-2.0-or-later
"""Latencies by path, load and number of sockets; under load over arrangements of the guests."""
from lab.analysis import Findings, Table, counted, write_data

PATHS = {"irq.line": "device's line to a working vCPU", "event.other.busy": "event to a working vCPU",
         "event.other.idle": "event to a sleeping vCPU", "ipi.other.busy": "IPI to a working vCPU",
         "ipi.other.idle": "IPI to a sleeping vCPU"}
WANTED, GROWTH = 0.5, 1.1


def latencies(data):
    """[path, load, sockets, boots, least, half, most median, most 90%, latest] of Xenolith."""
    rows = []
    for metric, what in PATHS.items():
        for load in data.levels("load"):
            for sockets in data.levels("sockets"):
                where = {"hypervisor": "xenolith", "load": load, "sockets": sockets}
                median = data.over_arrangements(metric, **where)
                if median:
                    most = [data.over_arrangements(metric, key, **where)["most"]
                            for key in ("p90", "max")]
                    rows.append([what, load, sockets, median["n"], median["least"], median["half"],
                                 median["most"], *most])
    return rows


def growth(rows):
    """(largest factor, path) from the fewest sockets to the most, idle."""
    found = []
    for what in PATHS.values():
        medians = [row[5] for row in rows if row[0] == what and row[1] == "idle"]
        if medians:
            found.append((medians[-1] / medians[0], what))
    return max(found)


def under_load(rows):
    """A sentence on what load makes of the medians, or ""."""
    idle = {(row[0], row[2]): row[5] for row in rows if row[1] == "idle"}
    ratios = [(row[6] / idle[row[0], row[2]], row[5] / idle[row[0], row[2]], row[0], row[3])
              for row in rows if row[1] == "loaded" and (row[0], row[2]) in idle]
    if not ratios:
        return ""
    worst, _, path, boots = max(ratios)
    return (f" Beside guests that never stop working, over {counted(boots, 'arrangement')} of them: in half of "
            f"the arrangements no path's median is more than {max(r[1] for r in ratios):.2f} times "
            f"the idle one; in the worst one it is {worst:.1f} times as long ({path}).")


def analyse(data):
    """The findings."""
    sockets = data.levels("sockets")
    beside = data.beside(PATHS, load="idle", sockets=sockets[0])
    write_data(data.run, "way", ["what", "ours", "theirs"], [row[:3] for row in beside])
    rows = latencies(data)
    write_data(data.run, "sockets", ["what", "sockets", "least", "half", "most", "p90"],
               [[f"{row[0]}, {row[1]}", row[2], *row[4:8]] for row in rows])
    ratios = [row[3] for row in beside if row[3]]
    worst, path = growth(rows) if "idle" in data.levels("load") else (1, "")
    answer = ((f"On the idle machine an interrupt takes {min(ratios):.2f} to {max(ratios):.2f} "
               "times as many instructions to its handler as on Xen. " if ratios else "") +
              (f"From {sockets[0]} to {sockets[-1]} sockets an idle machine's latency changes by a "
               f"factor of at most {worst:.2f} ({path})." if path else "") + under_load(rows))
    fine = ratios and max(ratios) <= WANTED and worst <= GROWTH
    return Findings(answer, "open" if not ratios else "yes" if fine else "no", [
        Table(f"Idle machine, {counted(sockets[0], 'socket')}",
              ["path", "Xenolith", "Xen 4.17", "ratio"], beside),
        Table("Xenolith by load and sockets, instructions",
              ["path", "load", "sockets", "boots", "least median", "half of the medians", "most",
               "largest 90%", "latest of all"], rows,
              "One boot is one arrangement of the guests, and exact. Least, half and most are over "
              "the boots' medians: half of the boots have a median of at most that. The last two "
              "columns are over all boots.")])
