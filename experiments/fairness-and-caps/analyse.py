# SPDX-License-Identifier: GPL-2.0-or-later
"""Shares received beside those that weights and caps say."""
from lab import console
from lab.analysis import Findings, Table, counted, write_data

WEIGHTS = {"light": 128, "middle": 256, "heavy": 512, "capped": 1024}
# Percent of the machine.
TOLERANCE = 2


def fair(cpus, cap):
    """{domain: CPUs it should get}: by weight, and what one may not use is shared by the others."""
    most = {name: float(cpus) for name in WEIGHTS}
    if cap:
        most["capped"] = min(cpus, cap / 100)
    shares, left, open_ = {}, float(cpus), dict(WEIGHTS)
    while open_:
        total = sum(open_.values())
        full = [name for name, weight in open_.items() if left * weight / total >= most[name]]
        if not full:
            return shares | {name: left * weight / total for name, weight in open_.items()}
        for name in full:
            shares[name] = most[name]
            left -= most[name]
            del open_[name]
    return shares


def add_shares(data):
    """Records of each domain's share of the machine, and of how far that is from the fair one."""
    for cell in data.cells:
        cpus, cap = cell.factors["cpus"], cell.factors["cap"]
        wanted = fair(cpus, cap)
        for record in data.select("domains.cpus_used", cell=cell.index):
            share = 100 * record["value"] / cpus
            off = share - 100 * wanted[record["row"]] / cpus
            for name, value in (("share", share), ("off", off)):
                data.add(cell, {**console.record(name, value, "%"), "row": record["row"]})


def rows_of(data, **side):
    """[cap, domain, fair, least, half, most share, largest difference] in percent of the machine."""
    rows = []
    for cap in data.levels("cap"):
        wanted = fair(side["cpus"], cap)
        for name in WEIGHTS:
            share = data.over_arrangements("share", cap=cap, row=name, **side)
            if share:
                off = data.over_arrangements("off", cap=cap, row=name, **side)
                rows.append([cap, name, 100 * wanted[name] / side["cpus"], share["least"],
                             share["half"], share["most"], max(-off["least"], off["most"])])
    return rows


def lines(rows):
    """For the picture: [cap, then of each domain its fair and its middle share], no cap at the end."""
    caps = sorted({row[0] for row in rows}, key=lambda cap: cap or 1e9)
    return [[cap or "none"] + [value for name in WEIGHTS for row in rows
                               if row[:2] == [cap, name] for value in (row[2], row[4])]
            for cap in caps]


def analyse(data):
    """The findings."""
    add_shares(data)
    tables, worst = [], {}
    for sched in data.levels("sched"):
        for queues in data.levels("queues"):
            for cpus in data.levels("cpus"):
                rows = rows_of(data, sched=sched, queues=queues, cpus=cpus)
                if not rows:
                    continue
                side = f"{sched}, {counted(cpus, 'CPU')}" + (
                    ", a run queue for each" if queues == "cpu" else "")
                worst[side] = max(row[6] for row in rows)
                write_data(data.run, f"shares-{sched}-{queues}-{cpus}",
                           ["cap", *(f"{name} {what}" for name in WEIGHTS
                                     for what in ("fair", "got"))], lines(rows))
                tables.append(Table(
                    f"Percent of the machine: {side}",
                    ["cap", "domain", "fair", "least", "half", "most", "largest difference"], rows))
    write_data(data.run, "shares", ["what", "off"], [list(item) for item in worst.items()])
    missed = [f"{what} ({off:.1f} %)" for what, off in worst.items() if off > TOLERANCE]
    n = len(data.levels("arrangement"))
    return Findings(
        f"Over {counted(n, 'arrangement')} the largest difference from the fair share is "
        + "; ".join(f"{off:.2f} % of the machine ({what})" for what, off in worst.items()) + "."
        + (f" Beyond {TOLERANCE} %: {', '.join(missed)}." if missed else ""),
        "no" if missed else "yes", tables,
        ["A cap is in percent of one CPU. What a capped domain may not use is shared by the others, "
         "by weight."])
