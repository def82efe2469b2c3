# SPDX-License-Identifier: GPL-2.0-or-later
"""Shares by weight, and costs of yields and wake-ups by policy."""
from lab import console
from lab.analysis import Findings, Table, write_data

COSTS = {"sched.yield": "yield with nobody to yield to", "sched.pingpong": "waking one another, one way",
         "event.other.idle": "event to a sleeping vCPU's handler",
         "event.other.busy": "event to a working vCPU's handler"}
TOLERANCE = 0.05


def fair(weights, cpus):
    """What each should get of a CPU when none can use more than one."""
    shares, left, open_ = {}, float(cpus), dict(weights)
    while open_:
        total = sum(open_.values())
        full = [n for n, w in open_.items() if left * w / total >= 1]
        if not full:
            return shares | {n: left * w / total for n, w in open_.items()}
        for name in full:
            shares[name] = 1.0
            del open_[name]
        left -= len(full)
    return shares


def shares(data):
    """[CPUs, guest, weight, share of a CPU, fair share, difference]."""
    rows = []
    for cell in data.cells:
        guests = [g for g in cell.config["guests"] if "weight" in g]
        found = data.select("work.share", cell=cell.index)
        if not guests or not found:
            continue
        wanted = fair({g["name"]: g["weight"] for g in guests}, cell.config["cpus"])
        # Domains are numbered in the manifest's order, from 1.
        for number, guest in enumerate(guests, 1):
            mine = [r for r in found if r["domain"] == number]
            if mine:
                share = mine[0]["value"] / mine[0]["of"]
                data.add(cell, console.record("share", share, "of a CPU", number))
                rows.append([cell.config["cpus"], guest["name"], guest["weight"], share,
                             wanted[guest["name"]], share - wanted[guest["name"]]])
    return rows


def analyse(data):
    """The findings."""
    rows = shares(data)
    costs = []
    for metric, what in COSTS.items():
        credit2, null = (data.value(metric, sched=s, scene="pair") for s in ("credit2", "null"))
        if credit2 and null:
            costs.append([what, credit2, null, credit2 / null])
    write_data(data.run, "share", ["cpus", "guest", "weight", "share", "fair"],
               [row[:5] for row in rows])
    write_data(data.run, "switch", ["what", "credit2", "null"], [row[:3] for row in costs])
    worst = max((abs(row[5]) for row in rows if row[0] == 1), default=0)
    dear = [row for row in costs if row[1] <= row[2] and row[0] != COSTS["event.other.busy"]]
    answer = (f"On one CPU the shares are within {100 * worst:.1f}% of the whole from their "
              "weights'. " + " ".join(f"{row[0].capitalize()}: {row[1]:.0f} instructions with "
                                      f"credit2, {row[2]:.0f} with null." for row in costs[:2]))
    return Findings(answer, "yes" if worst <= TOLERANCE and not dear else "no", [
        Table("Shares of a CPU", ["CPUs", "guest", "weight", "share", "fair share", "difference"],
              rows),
        Table("Instructions, two vCPUs on two CPUs", ["what", "credit2", "null", "ratio"], costs,
              "All CPUs run on one clock, so that what the other CPU does meanwhile counts too.")])
