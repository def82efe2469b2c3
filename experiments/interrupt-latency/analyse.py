# SPDX-License-Identifier: GPL-2.0-or-later
"""Latencies by path, load and number of sockets."""
from lab.analysis import Findings, Table, write_data

PATHS = {"irq.line": "device's line to a working vCPU", "event.other.busy": "event to a working vCPU",
         "event.other.idle": "event to a sleeping vCPU", "ipi.other.busy": "IPI to a working vCPU",
         "ipi.other.idle": "IPI to a sleeping vCPU"}
WANTED, GROWTH = 0.5, 1.1


def analyse(data):
    """The findings."""
    sockets = data.levels("sockets")
    first = sockets[0]
    rows = data.beside(PATHS, load="idle", sockets=first)
    write_data(data.run, "way", ["what", "ours", "theirs"], [row[:3] for row in rows])
    spread, grown, lines = [], [], []
    for metric, what in PATHS.items():
        for load in data.levels("load"):
            values = [data.value(metric, hypervisor="xenolith", load=load, sockets=n)
                      for n in sockets]
            found = data.select(metric, hypervisor="xenolith", load=load)
            if not found or None in values:
                continue
            spread.append([what, load, *values, max(r["max"] for r in found)])
            if load == "idle":
                grown.append((values[-1] / values[0], what))
            lines += [[f"{what}, {load}", r["sockets"], r["value"], r["p90"]] for r in found]
    write_data(data.run, "sockets", ["what", "sockets", "median", "p90"], lines)
    ratios = [row[3] for row in rows if row[3]]
    worst, path = max(grown)
    answer = ((f"On the idle machine an interrupt takes {min(ratios):.2f} to {max(ratios):.2f} "
               "times as many instructions to its handler as on Xen. " if ratios else "") +
              f"From {first} to {sockets[-1]} sockets the latency changes by a factor of at most "
              f"{worst:.2f} ({path}).")
    fine = ratios and max(ratios) <= WANTED and worst <= GROWTH
    return Findings(answer, "yes" if fine else "no", [
        Table(f"Idle machine, {first} socket", ["path", "Xenolith", "Xen 4.17", "ratio"], rows),
        Table("Xenolith by load and sockets, medians",
              ["path", "load", *[f"{n} sockets" for n in sockets], "the latest of all"], spread)])
