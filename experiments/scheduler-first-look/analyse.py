# SPDX-License-Identifier: GPL-2.0-or-later
"""Shares by weight, and costs of yields and wake-ups by policy."""
from lab import console, stats
from lab.analysis import Findings, Table, counted, write_data

COSTS = {"sched.yield": "yield with no other vCPU to run", "sched.pingpong": "waking one another, one way",
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
    """[CPUs, guest, weight, boots, least, half, most, fair share, largest difference], over the
    arrangements of the guests."""
    found = {}
    for cell in data.cells:
        guests = [g for g in cell.config["guests"] if "weight" in g]
        wanted = fair({g["name"]: g["weight"] for g in guests}, cell.config["cpus"])
        # Domains are numbered in the manifest's order, from 1.
        for number, guest in enumerate(guests, 1):
            for record in data.select("work.share", cell=cell.index, domain=number):
                share = record["value"] / record["of"]
                data.add(cell, console.record("share", share, "of a CPU", number))
                key = cell.config["cpus"], guest["name"], guest["weight"], wanted[guest["name"]]
                found.setdefault(key, []).append(share)
    return [[cpus, name, weight, len(values), min(values), stats.quantile(values, 0.5), max(values),
             wanted, max(abs(value - wanted) for value in values)]
            for (cpus, name, weight, wanted), values in found.items()]


def analyse(data):
    """The findings."""
    rows = shares(data)
    costs = []
    for metric, what in COSTS.items():
        credit2, null = (data.value(metric, sched=s, scene="pair") for s in ("credit2", "null"))
        if credit2 and null:
            costs.append([what, credit2, null, credit2 / null])
    write_data(data.run, "share", ["cpus", "guest", "weight", "least", "half", "most", "fair"],
               [[*row[:3], *row[4:8]] for row in rows])
    write_data(data.run, "switch", ["what", "credit2", "null"], [row[:3] for row in costs])
    answer = ""
    for cpus in data.levels("cpus"):
        here = [row for row in rows if row[0] == cpus]
        if here:
            answer += (f"On {counted(cpus, 'CPU')}, over {counted(here[0][3], 'arrangement')} of the "
                       f"guests, no share is more than {100 * max(r[8] for r in here):.1f}% of a CPU "
                       "away from its weight's. ")
    answer += " ".join(f"{row[0][0].upper() + row[0][1:]}: {row[1]:.0f} instructions with credit2, {row[2]:.0f} "
                       "with null." for row in costs)
    worst = max((row[8] for row in rows if row[0] == 1), default=0)
    dear = [row for row in costs if row[1] <= row[2] and row[0] != COSTS["event.other.busy"]]
    return Findings(answer, "yes" if worst <= TOLERANCE and not dear else "no", [
        Table("Shares of a CPU, over the arrangements of the guests",
              ["CPUs", "guest", "weight", "boots", "least", "half", "most", "fair share",
               "largest difference"], rows,
              "One boot is one arrangement, and exact. In half of the boots the share is at most "
              "that of the column half."),
        Table("Instructions, two vCPUs on two CPUs", ["what", "credit2", "null", "ratio"], costs,
              "All CPUs run on one clock, so the figures contain what the other CPU does meanwhile.")])
