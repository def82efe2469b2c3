# SPDX-License-Identifier: GPL-2.0-or-later
"""Clocks by reference: rate measured at boot, cost, step, drift."""
import re

from lab import console
from lab.analysis import Findings, Table, write_data

TRUE_MHZ = 1000.0
RESOLUTION = 1          # parts in a million: the log has three digits after the point
RATES = [re.compile(r"Time: TSC ([\d.]+) MHz by (\w+)"), re.compile(r"Detected ([\d.]+) MHz processor")]
CLOCKS = ["tsc", "system", "pmtimer", "hpet"]
WHO = {"xenolith": "Xenolith", "xen-4.17": "Xen 4.17"}
NAMES = {"tsc": "TSC", "system": "system time", "pmtimer": "ACPI timer", "hpet": "HPET"}
SOURCES = {"hpet": "HPET", "acpi": "ACPI timer", "pit": "PIT"}


def rate(text):
    """MHz of the TSC as the hypervisor measured it, or None."""
    for pattern in RATES:
        found = pattern.search(text)
        if found:
            return float(found[1])
    return None


def rates(data):
    """[hypervisor, source, MHz, parts per million wrong]."""
    rows = []
    for cell in data.cells:
        mhz = rate(data.text(cell))
        if mhz is None:
            continue
        wrong = (mhz - TRUE_MHZ) / TRUE_MHZ * 1e6
        data.add(cell, console.record("tsc.rate.error", wrong, "ppm"))
        rows.append([WHO[cell.config["hypervisor"]], SOURCES[cell.factors["source"]], mhz, wrong])
    return rows


def clocks(data):
    """[hypervisor, source, clock, cost, step, backwards, drift in ppb, against]."""
    rows = []
    for cell in data.cells:
        for clock in CLOCKS:
            cost = data.value(f"clock.{clock}.read", cell=cell.index)
            if cost is None:
                continue
            drift = data.select(f"clock.{clock}.drift.", cell=cell.index)
            rows.append([WHO[cell.config["hypervisor"]], SOURCES[cell.factors["source"]],
                         NAMES[clock],
                         cost, data.value(f"clock.{clock}.step", cell=cell.index),
                         data.value(f"clock.{clock}.backwards", cell=cell.index),
                         drift[0]["value"] if drift else None,
                         NAMES[drift[0]["metric"].rsplit(".", 1)[1]] if drift else ""])
    return rows


def virtual_hpets(data):
    """[hypervisor, reference, count in ns, cost of a reading, smallest step, steps back, drift in ppb]."""
    rows = []
    for cell in data.cells:
        period, *rest = (data.value("hpet." + name, cell=cell.index)
                         for name in ("period", "read", "step", "backwards", "drift.tsc"))
        if period is not None:
            rows.append([WHO[cell.config["hypervisor"]], SOURCES[cell.factors["source"]], period / 1e6, *rest])
    return rows


def about_hpets(rows):
    """Sentences on the virtual HPETs, and whether they are good enough: none is finer than system time."""
    coarse = [row for row in rows if row[0] == "Xenolith" and row[1] == SOURCES["acpi"]]
    ours = [row for row in rows if row[0] == "Xenolith" and row not in coarse]
    theirs = [row for row in rows if row[0] != "Xenolith"]
    if not ours:
        return "", True
    cost, count = ours[0][3], ours[0][2]
    text = (f" A PC guest's HPET resolves {max(row[4] for row in ours):.0f} count of {count:.0f} ns, and a reading "
            f"costs {cost:.0f} instructions")
    if theirs:
        text += (f", {cost / theirs[0][3]:.2f} times Xen's {theirs[0][3]:.0f}, where it resolves {theirs[0][4]:.0f} "
                 f"of {theirs[0][2]:.0f} ns")
    if coarse:
        text += (f". Where system time is the ACPI timer's, which counts each 279 ns, it moves by {coarse[0][4]:.0f} "
                 "counts at a time")
    good = all(row[4] == 1 and not row[5] for row in ours)
    return text + ".", good and all(cost <= row[3] / 2 for row in theirs)


def analyse(data):
    """The findings."""
    measured, rows, hpets = rates(data), clocks(data), virtual_hpets(data)
    write_data(data.run, "rate", ["who", "source", "mhz", "ppm"], measured)
    write_data(data.run, "read", ["who", "clock", "cost", "step"],
               [[r[0], r[2], r[3], r[4]] for r in rows if r[1] == "HPET"] +
               [[r[0], "virtual HPET", r[3], r[4]] for r in hpets if r[1] == "HPET"])
    back = sum(row[5] or 0 for row in rows)
    drift = max((abs(row[6]) for row in rows if row[2] == "system time" and row[6] is not None),
                default=0)
    coarse = max((abs(row[6]) for row in rows if row[7] == "ACPI timer"), default=0)
    ours = [abs(row[3]) for row in measured if row[0] == "Xenolith"]
    theirs = [abs(row[3]) for row in measured if row[0] != "Xenolith"]
    system = [row[3] for row in rows if row[0] == "Xenolith" and row[2] == "system time"]
    answer = (("No clock went back. " if not back else f"Clocks went back {back} times. ") +
              ("System time does not drift from the TSC" if not drift else
               f"System time drifts by up to {drift} parts in a billion from the TSC") +
              f", and a reading of it costs {max(system):.0f} instructions. Xenolith's rate of the "
              f"TSC is right to {max(RESOLUTION, *ours):.0f} in a million" +
              (f", Xen's to {max(RESOLUTION, *theirs):.0f}" if theirs else "") +
              ", which is as far as the logs have digits.")
    if coarse:
        answer += (f" Against the ACPI timer the TSC differs by up to {coarse / 1000:.0f} parts in a "
                   "million; one count of that timer in the time measured is 14.")
    text, good = about_hpets(hpets)
    answer += text
    return Findings(answer, "yes" if good and not back and drift <= 1000 and max(ours) <= 100 else "no", [
        Table("The TSC's rate as measured at boot", ["hypervisor", "by", "MHz", "error, ppm"],
              measured),
        Table("Clocks as the guest sees them",
              ["hypervisor", "reference", "clock", "instructions a reading", "smallest step",
               "steps back", "drift, ppb", "against"], rows,
              "Steps are in the clock's own counts: ns for system time, 279 ns for the ACPI timer."),
        Table("The virtual HPET of a guest that is a PC",
              ["hypervisor", "reference", "a count, ns", "instructions a reading", "smallest step, counts",
               "steps back", "drift against the TSC, ppb"], hpets)])
