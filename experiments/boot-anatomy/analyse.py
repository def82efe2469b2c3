# SPDX-License-Identifier: GPL-2.0-or-later
"""Cuts the stamped log of each boot into stages."""
import re

from lab import console
from lab.analysis import Findings, Table, write_data

# (stage, the line that ends it) in their order.
STAGES = {
    "xenolith": [("memory and tables", r"^Memory: \d+ MiB free"),
                 ("clocks and interrupts", r"^Time: TSC|^Clock: generic"),
                 ("processors", r"^SMP: \d+ of"),
                 ("building the first domain", r"^Boot modules:|^dom0: \d+ MiB")],
    "xen-4.17": [("memory and tables", r"^Domain heap initialised"),
                 ("clocks and interrupts", r"^Detected [\d.]+ MHz|^Generic Timer IRQ"),
                 ("processors", r"^Brought up \d+ CPUs"),
                 ("building the first domain", r"^Freed \d+kB init memory")],
}
WHO = {"xenolith": "Xenolith", "xen-4.17": "Xen 4.17"}
GUEST = {"linux-dom0": "Linux"}
USERSPACE = re.compile(r"XENOLITH: userspace=([\d.]+)")


def cut(text, hypervisor):
    """{stage: ticks}, from the first stamped line on; the firmware's and loader's come first."""
    lines = console.stamped(text)
    stages, at = {"firmware and loader": lines[0][0]}, lines[0][0]
    for stage, pattern in STAGES[hypervisor]:
        ends = [ticks for ticks, words in lines if re.search(pattern, words) and ticks >= at]
        if ends:
            stages[stage] = ends[-1] - at
            at = ends[-1]
    found = USERSPACE.search(text)
    if found:
        stages["Linux to its userspace"] = int(float(found[1]) * 1e9)
    return stages


def analyse(data):
    """The findings."""
    rows, bars, totals = [], [], {}
    for cell in data.cells:
        hypervisor = cell.config["hypervisor"]
        guest = GUEST.get(cell.factors["first"], "microguest")
        stages = cut(data.text(cell), hypervisor)
        for stage, ticks in stages.items():
            data.add(cell, console.record("boot." + stage.replace(" ", "-"), ticks, "instructions"))
            rows.append([WHO[hypervisor], guest, stage, ticks / 1e6])
        own = [stages[stage] for stage, _ in STAGES[hypervisor] if stage in stages]
        totals[guest, hypervisor] = sum(own) / 1e6
        if guest == "microguest":
            bars.append([WHO[hypervisor]] + [stages.get(stage, 0) / 1e6
                                             for stage, _ in STAGES["xenolith"]])
    write_data(data.run, "stages", ["who", *[s for s, _ in STAGES["xenolith"]]], bars)
    tables = [Table("Million instructions by stage", ["hypervisor", "first domain", "stage",
                                                      "million instructions"], rows,
                    "The headline adds the stages from the hypervisor's first line to the first "
                    "domain's start.")]
    pairs = [(guest, ours, totals[guest, "xen-4.17"]) for (guest, who), ours in totals.items()
             if who == "xenolith" and (guest, "xen-4.17") in totals]
    if not pairs:
        return Findings("Only one hypervisor was measured.", "open", tables)
    answer = "; ".join(f"with {'Linux' if guest == 'Linux' else 'a microguest'} as first domain "
                       f"{ours:.0f} million instructions, on Xen {theirs:.0f} million "
                       f"({ours / theirs:.2f} times as many)" for guest, ours, theirs in pairs)
    return Findings(f"From Xenolith's first line to the first domain's start: {answer}.",
                    "yes" if all(ours < theirs for _, ours, theirs in pairs) else "no", tables)
