# SPDX-License-Identifier: GPL-2.0-or-later
"""Costs of events by CPUs and neighbours, and the largest growth."""
from lab.analysis import Findings, Table, write_data

KINDS = {"event.self": "to self", "event.loop": "to self by an interdomain port",
         "event.unbound": "to an unbound port", "event.other.busy": "to a working vCPU",
         "event.other.idle": "to a sleeping vCPU"}
WHO = {"xenolith": "Xenolith", "xen-4.17": "Xen 4.17"}
GROWTH = 1.05


def rows_of(data):
    """[hypervisor, event, neighbours, CPUs, cost, growth beside the smallest]."""
    rows = []
    for hypervisor in data.levels("hypervisor"):
        for metric, what in KINDS.items():
            base = None
            for cell in data.cells:
                if cell.config["hypervisor"] != hypervisor:
                    continue
                cost = data.value(metric, cell=cell.index)
                if cost is None:
                    continue
                base = base or cost
                rows.append([WHO[hypervisor], what, cell.factors["neighbours"],
                             cell.factors["cpus"], cost, cost / base])
    return rows


def analyse(data):
    """The findings."""
    rows = rows_of(data)
    names = list(dict.fromkeys((row[3], row[2]) for row in rows if row[0] == "Xenolith"))
    columns = ["event"] + [f"{cpus} CPUs" + (f",\\n{beside} neighbours" if beside else "")
                           for cpus, beside in names]
    table = [[what] + [next((r[4] for r in rows if r[:2] == ["Xenolith", what] and
                             (r[3], r[2]) == name), None) for name in names]
             for what in KINDS.values()]
    write_data(data.run, "scaling", columns, [row for row in table if row[1] is not None])
    ours = [row for row in rows if row[0] == "Xenolith"]
    worst = max(ours, key=lambda row: row[5])
    theirs = {row[1]: row[4] for row in rows if row[0] == "Xen 4.17" and row[5] == 1}
    ratios = [row[4] / theirs[row[1]] for row in ours if row[5] == 1 and row[1] in theirs]
    answer = (f"No event's cost grows by a factor of more than {worst[5]:.3f}, which is an event "
              f"{worst[1]} with {worst[3]} CPUs and {worst[2]} neighbours."
              if worst[5] > 1 else "No event's cost grows at all.")
    if ratios:
        answer += (f" On the smallest machine events cost {min(ratios):.2f} to {max(ratios):.2f} "
                   "times what they cost on Xen.")
    return Findings(answer, "yes" if worst[5] <= GROWTH else "no", [
        Table("Instructions an event", ["hypervisor", "event", "neighbours", "CPUs", "instructions",
                                        "factor of growth"], rows)])
