# SPDX-License-Identifier: GPL-2.0-or-later
"""Cost of a yield without its exit, by policy, CPUs and vCPUs, and its growth."""
from lab.analysis import Findings, Table, write_data

GROWTH = 2.0
WHO = {"xenolith": "Xenolith", "xen-4.17": "Xen 4.17"}


def costs(data):
    """{(hypervisor, policy, CPUs, vCPUs): instructions of a yield without the exit}."""
    found = {}
    for cell in data.cells:
        whole = data.value("sched.crowd", cell=cell.index)
        call = data.value("exit.hypercall", cell=cell.index)
        if whole is not None and call is not None:
            key = (cell.config["hypervisor"], cell.factors["sched"], cell.factors["cpus"],
                   cell.factors["vcpus"])
            found[key] = whole - call
    return found


def analyse(data):
    """The findings."""
    found = costs(data)
    rows, grown, beside = [], [], []
    for (who, sched, cpus, vcpus), cost in found.items():
        least = min(v for w, s, c, v in found if (w, s, c) == (who, sched, cpus))
        growth = cost / found[who, sched, cpus, least]
        peer = found.get(("xen-4.17", sched, cpus, vcpus)) if who == "xenolith" else None
        rows.append([WHO[who], sched, cpus, vcpus, cost, growth, peer and cost / peer])
        if who == "xenolith" and cpus == 1:
            grown.append((growth, sched, vcpus))
        if peer:
            beside.append((cost / peer, sched, cpus, vcpus))
    curves = list(dict.fromkeys((who, sched, cpus) for who, sched, cpus, _ in found))
    write_data(data.run, "curves",
               ["vCPUs"] + [f"{sched}, {cpus} CPU{'s' * (cpus > 1)}, {WHO[who]}"
                            for who, sched, cpus in curves],
               [[vcpus] + [found.get((*curve, vcpus)) for curve in curves]
                for vcpus in sorted({key[3] for key in found})])
    growth, sched, vcpus = max(grown)
    answer = (f"On one CPU a decision costs at most {growth:.2f} times as much with more vCPUs as "
              f"with the fewest: under {sched} with {vcpus}.")
    if beside:
        most = max(beside)
        answer += (f" It costs {min(beside)[0]:.2f} to {most[0]:.2f} times what it costs on Xen "
                   f"with the same policy; the most under {most[1]} with {most[3]} vCPUs on "
                   f"{most[2]} CPU{'s' * (most[2] > 1)}.")
    good = growth <= GROWTH and all(ratio <= 1 for ratio, *_ in beside)
    return Findings(answer, "yes" if good else "no", [
        Table("Instructions of a yield, without the exit",
              ["hypervisor", "policy", "CPUs", "vCPUs", "instructions", "times the fewest vCPUs'",
               "times Xen's"], rows,
              "Less a null hypercall. All vCPUs can run; each yields again and again.")])
