# SPDX-License-Identifier: GPL-2.0-or-later
"""How late Linux guests wake, which frames are late, and what the loads beside them achieve."""
from lab.analysis import Findings, Table, counted, write_data

SIDES = {"xenolith": "Xenolith", "xen-4.17": "Xen 4.17"}
MOST_LATE_US = 1000


def setups(data):
    """The levels of every machine with all guests or without the loads: (hypervisor, sched, guests,
    settings), as far as there are boots."""
    seen = dict.fromkeys((cell.factors["hypervisor"], cell.factors["sched"], cell.factors["guests"],
                          cell.factors["settings"]) for cell in data.cells)
    return [dict(zip(("hypervisor", "sched", "guests", "settings"), levels)) for levels in seen]


def named(setup):
    """A setup for people."""
    beside = setup["settings"] if "compute" in setup["guests"] else "alone"
    return f"{SIDES[setup['hypervisor']]} {setup['sched']}, {beside}"


def figure(data, setup, metric, part="half"):
    """A figure over the arrangements, or None."""
    found = data.over_arrangements(metric, **setup)
    return found[part] if found else None


def late_row(data, setup):
    """[setup, boots, wakes, p50, p99, p99.9, max, frames, late]: the worst of the arrangements for
    what a user would notice, the middle for the rest."""
    boots = len(data.select("latency.n", **setup))
    return [named(setup), boots, figure(data, setup, "latency.n"),
            figure(data, setup, "latency.p50"), figure(data, setup, "latency.p99", "most"),
            figure(data, setup, "latency.p999", "most"), figure(data, setup, "latency.max", "most"),
            figure(data, setup, "frames.done"), figure(data, setup, "frames.late", "most")]


def work_row(data, setup):
    """[setup, rounds of messages least/half/most, operations of compute least/half/most]."""
    return [named(setup)] + [figure(data, setup, metric, part)
                             for metric in ("messages", "compute")
                             for part in ("least", "half", "most")]


def analyse(data):
    """The findings."""
    all_setups = setups(data)
    late = [late_row(data, setup) for setup in all_setups]
    loaded = [setup for setup in all_setups if "compute" in setup["guests"]]
    work = [work_row(data, setup) for setup in loaded]
    write_data(data.run, "late", ["setup", "p50", "p99", "max", "late", "frames"],
               [[row[0], max(row[3], 1), max(row[4], 1), max(row[6], 1), row[8], row[7]]
                for row in late])
    write_data(data.run, "work", ["setup", "messages", "compute"],
               [[row[0], row[2], row[5]] for row in work])
    tuned = [row for row, setup in zip(late, all_setups)
             if "compute" in setup["guests"] and setup["settings"] == "tuned"]
    missed = [row for row in tuned if row[4] > MOST_LATE_US or row[8]]
    answer = " ".join(
        f"{row[0]}: in the worst of {counted(row[1], 'arrangement')} a hundredth of the wakes is "
        f"more than {row[4]} µs late, and {row[8]} of {row[7]} frames are." for row in tuned)
    return Findings(answer, "no" if missed else "yes", [
        Table("How late timer wakes (µs), and frames",
              ["setup", "boots", "wakes", "half", "99 % (worst boot)", "99.9 % (worst)",
               "latest (worst)", "frames", "late frames (worst)"], late,
              "One boot is one arrangement, and exact. A frame is late when its work ended after "
              "the 10 ms of its period; late ones move the next, so that fewer are done."),
        Table("What the two loads achieve meanwhile",
              ["setup", "rounds of messages, least", "half", "most",
               "operations of compute, least", "half", "most"], work,
              "A round is one hackbench; an operation is stress-ng's.")])
