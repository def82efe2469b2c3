# SPDX-License-Identifier: GPL-2.0-or-later
"""Costs of the scheduler's parts on both sides, without the exits that lead to it."""
from lab.analysis import Findings, Table, write_data

LIMIT = 0.5
HYPERCALL = "exit.hypercall"
COLUMNS = ["part", "policy of Xen", "Xenolith", "Xen 4.17", "ratio", "Xenolith, all",
           "Xen 4.17, all", "ratio of all"]
# what: (metric, CPUs, hypercalls in it)
PARTS = {
    "decision": ("sched.yield", 1, 1),
    "switch": ("sched.switch", 1, 1),
    "wake, same CPU: the sender's call": ("sched.wake", 1, 1),
    "wake, other CPU: the sender's call": ("sched.wake", 2, 1),
    "wake, block and switch, same CPU": ("sched.pingpong", 1, 2),
    "wake, block and start, other CPU": ("sched.pingpong", 2, 2),
}


def costs(data, **side):
    """{what: (instructions of all of it, the same without the exits)}."""
    found = {}
    for what, (metric, cpus, calls) in PARTS.items():
        whole = data.value(metric, cpus=cpus, **side)
        call = data.value(HYPERCALL, cpus=cpus, **side)
        if whole is not None and call is not None:
            found[what] = (whole, whole - calls * call)
    return found


def span(rows):
    """The least and the largest ratio."""
    ratios = [row[4] for row in rows]
    return f"{min(ratios):.2f} to {max(ratios):.2f}"


def analyse(data):
    """The findings."""
    ours = {s: costs(data, hypervisor="xenolith", sched=s) for s in data.levels("sched")}
    theirs = {s: costs(data, hypervisor="xen-4.17", sched=s) for s in data.levels("sched")}
    same, other = [], []
    for sched in data.levels("sched"):
        rows = [[what, sched, mine[1], net, mine[1] / net, mine[0], whole, mine[0] / whole]
                for what, (whole, net) in theirs[sched].items()
                for mine in [(ours[sched] or ours["credit2"])[what]]]
        (same if ours[sched] else other).extend(rows)
    write_data(data.run, "parts", ["what", "ours", "theirs", "ratio"],
               [[f"{row[1]}: {row[0]}", *row[2:5]] for row in same])
    missed = [f"{row[0]} ({row[4]:.2f}, {row[1]})" for row in same if row[4] > LIMIT]
    answer = (f"Without the exits, parts of scheduling cost {span(same)} times what they cost on "
              "Xen with the same policy. "
              + ("None is above the limit." if not missed else
                 f"Above the limit of {LIMIT}: {', '.join(missed)}."))
    tables = [Table("Instructions with the same policy, without and with the exits", COLUMNS, same,
                    "Without: less a null hypercall for each hypercall in it. Xen decodes the "
                    "guest's instruction at each exit here, which is most of what its exits cost.")]
    if other:
        answer += f" Xenolith's credit2 beside another policy of Xen: {span(other)}."
        tables.append(Table("Xenolith's credit2 beside a policy that only Xen has", COLUMNS, other))
    return Findings(answer, "no" if missed else "yes", tables)
