# SPDX-License-Identifier: GPL-2.0-or-later
"""An event's cost, divided by the domains that send at the same time."""
from lab import console, stats
from lab.analysis import Findings, Table, write_data

KINDS = {"event.self": "event to self", "event.loop": "event to self by interdomain port",
         "event.unbound": "event to nobody"}
GROWTH = 1.05


def analyse(data):
    """The findings."""
    rows, series = [], []
    for metric, what in KINDS.items():
        base = None
        for cell in data.cells:
            n = cell.factors["domains"]
            found = [r["value"] for r in data.select(metric, cell=cell.index)]
            if len(found) < n:
                continue
            cost = stats.median(found) / n
            base = base or cost
            data.add(cell, console.record(metric + ".each", cost, "instructions"))
            rows.append([what, n, cost, min(found) / n, max(found) / n, cost / base])
            series.append([metric, n, cost, cost / base])
    write_data(data.run, "scaling", ["metric", "domains", "cost", "growth"], series)
    worst = max(rows, key=lambda row: row[5])
    return Findings(
        f"An event's cost changes by a factor of at most {worst[5]:.3f}, for an {worst[0]} with "
        f"{worst[1]} domains.", "yes" if worst[5] <= GROWTH else "no",
        [Table("Instructions an event, waiting for others included",
               ["event", "domains", "median", "cheapest domain", "dearest domain",
                "beside one domain"], rows)])
