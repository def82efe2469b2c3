# SPDX-License-Identifier: GPL-2.0-or-later
"""Work done with and without affinity, and how much of the time was spent far from the memory."""
from lab import console
from lab.analysis import Findings, Table, counted, write_data

# Domains of two vCPUs on the two nodes.
LOADS = {(4, 4): "light", (8, 8): "full", (12, 12): "over", (14, 2): "unequal"}
AFFINITY = ["none", "soft", "hard"]
SHORT = 0.99


def add_work(data):
    """Records of what all domains of a cell got done, in CPUs, and of their time on other nodes."""
    for cell in data.cells:
        sums = {name: sum(record["value"] for record in data.select(f"domains.{name}", cell=cell.index))
                for name in ("ran_ns", "remote_ns", "migrations")}
        slow = cell.config["files"]["costs"]["remote"]
        duration = data.value("run.duration_ns", cell=cell.index)
        lost = sums["remote_ns"] * slow / (100 + slow)
        for name, value, unit in (("work", (sums["ran_ns"] - lost) / duration, "CPUs"),
                                  ("remote", 100 * sums["remote_ns"] / sums["ran_ns"], "%"),
                                  ("moves", sums["migrations"] / duration * 1e9, "a second")):
            data.add(cell, console.record(name, value, unit))


def rows_of(data):
    """[policy, load, work by affinity, percent of time on the other node by affinity]."""
    rows = []
    for sched in data.levels("sched"):
        for queues in data.levels("queues"):
            for (first, second), load in LOADS.items():
                if first not in data.levels("first") or second not in data.levels("second"):
                    continue
                side = {"sched": sched, "queues": queues, "first": first, "second": second}
                found = {name: [data.over_arrangements(name, affinity=a, **side) for a in AFFINITY]
                         for name in ("work", "remote", "moves")}
                if all(found["work"]):
                    name = sched + (" (1 queue)" if queues == "all" else "")
                    rows.append([name, load] + [f["half"] for what in found.values() for f in what])
    return rows


def complaints(rows):
    """What of the plan's "no" there is."""
    found = []
    for name, load, none, soft, hard, *_ in rows:
        if soft < SHORT * none:
            found.append(f"{name}, {load}: {soft:.2f} CPUs' work with soft affinity, {none:.2f} without")
        if load in ("light", "unequal") and soft < SHORT * hard:
            found.append(f"{name}, {load}: {soft:.2f} with soft affinity, {hard:.2f} confined")
    return found


def analyse(data):
    """The findings."""
    add_work(data)
    rows = rows_of(data)
    write_data(data.run, "work", ["what", *AFFINITY],
               [[f"{row[0]}: {row[1]}", *row[2:5]] for row in rows])
    gain = [100 * (row[3] / row[2] - 1) for row in rows]
    found = complaints(rows)
    return Findings(
        f"Soft affinity changes the work done by {min(gain):+.1f} to {max(gain):+.1f} % against none. "
        + ("It falls short here: " + "; ".join(found) + "." if found else "It falls short nowhere."),
        "no" if found else "yes",
        [Table("Work done, in CPUs near their memory",
               ["policy", "load", *AFFINITY], [row[:5] for row in rows],
               f"The middle over {counted(len(data.levels('arrangement')), 'arrangement')}. hard: the "
               "domains are confined to their node."),
         Table("Percent of their time that vCPUs spent on the other node",
               ["policy", "load", *AFFINITY], [row[:2] + row[5:8] for row in rows]),
         Table("Moves between CPUs a second, of all vCPUs together",
               ["policy", "load", *AFFINITY], [row[:2] + row[8:11] for row in rows])])
