# SPDX-License-Identifier: GPL-2.0-or-later
"""Shares from the boot log; the cost of a page from the slope between two sizes of memory."""
from lab import console, machine
from lab.analysis import Findings, Table, write_data

PAGES_PER_MIB = 256
WANTED = 0.98


def ticks_between(text, first, after):
    """Ticks from the line that starts the scrub to the first one after its end."""
    lines = console.stamped(text)
    start = next((i for i, (_, words) in enumerate(lines) if first in words), None)
    if start is None:
        return None
    end = next((t for t, words in lines[start + 1:] if not after(words)), None)
    return end - lines[start][0] if end else None


def scrub_ticks(data, cell):
    """Instructions of a whole scrub in one boot."""
    if cell.config["hypervisor"] == "xenolith":
        found = data.select("scrub.ns", cell=cell.index)
        return found[0]["value"] if found else None
    return ticks_between(data.text(cell), "Scrubbing Free RAM on",
                         lambda words: "done." in words or words.startswith("."))


def page_cost(data, hypervisor):
    """Instructions a page on one CPU, from the slope."""
    points = []
    for cell in data.cells:
        if cell.config["hypervisor"] == hypervisor and cell.config["cpus"] == 1:
            ticks = scrub_ticks(data, cell)
            if ticks is not None:
                points.append((machine.mib(cell.config["memory"]), ticks, cell))
    if len(points) < 2:
        return None
    points.sort(key=lambda p: p[0])
    (small, low, _), (large, high, cell) = points[0], points[-1]
    cost = (high - low) / ((large - small) * PAGES_PER_MIB)
    data.add(cell, console.record("scrub.page", cost, "instructions"))
    return cost


def balances(data):
    """[cpus, balance, least and largest share, instructions a page] of our runs."""
    rows = []
    for cell in data.cells:
        pages = data.value("scrub.pages", cell=cell.index)
        if pages is None or cell.config["memory"] != data.levels("memory")[-1]:
            continue
        low, high = (data.value("scrub.share." + w, cell=cell.index) for w in ("min", "max"))
        balance = pages / cell.config["cpus"] / high
        data.add(cell, console.record("scrub.balance", balance, "share"))
        rows.append([cell.config["cpus"], balance, low, high,
                     data.value("scrub.ns", cell=cell.index) / pages])
    return sorted(rows)


def analyse(data):
    """The findings."""
    rows = balances(data)
    costs = {h: page_cost(data, h) for h in data.levels("hypervisor")}
    ours, theirs = costs.get("xenolith"), costs.get("xen-4.17")
    write_data(data.run, "balance", ["cpus", "balance", "least", "largest"],
               [[cpus, balance, low / (high * balance), 1 / balance]
                for cpus, balance, low, high, _ in rows])
    write_data(data.run, "page", ["who", "instructions"],
               [[who, round(cost, 1)] for who, cost in (("Xenolith", ours), ("Xen 4.17", theirs))
                if cost])
    many = [row for row in rows if row[0] > 1]
    worst = min(many, key=lambda row: row[1])
    answer = (f"The least balance is {worst[1]:.3f}, with {worst[0]} CPUs."
              + (f" A page costs {ours:.0f} instructions, {ours / theirs:.2f} times Xen's "
                 f"{theirs:.0f}." if ours and theirs else ""))
    fine = worst[1] >= WANTED and (not theirs or ours <= theirs / 2)
    return Findings(answer, "yes" if fine else "no", [
        Table("How evenly the CPUs share", ["CPUs", "balance", "least share, pages",
                                            "largest share, pages", "instructions a page, all CPUs"],
              rows, "The last column is the whole scrub by all CPUs on one shared clock, waiting "
              "for each other included, divided by the pages."),
        Table("One CPU's cost of a page", ["hypervisor", "instructions a 4 KiB page"],
              [[h, c] for h, c in costs.items()], "From the slope between two sizes of memory, so "
              "that neither start nor end of the scrub counts.")])
