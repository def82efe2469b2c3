# SPDX-License-Identifier: GPL-2.0-or-later
"""Exits of the receiver and instructions to its handler, by kind of interrupt and degree."""
from lab.analysis import Findings, Table, write_data

KINDS = {"self": "from the vCPU to itself, with its end", "ipi": "IPI from another vCPU",
         "event": "event from another vCPU", "timer": "the vCPU's own timer",
         "none": "nothing is sent, for about as long"}
MODES = {"xapic": "xAPIC", "x2apic": "x2APIC"}
OTHERS = ("ipi", "event")
WANTED = 0.01


def rows_of(data, cpus, suffix=""):
    """[what, one value a degree] of each kind and mode that has any."""
    rows = []
    for kind, what in KINDS.items():
        for mode, name in MODES.items():
            values = [data.value(f"post.{kind}.{mode}{suffix}", cpus=cpus, degree=degree)
                      for degree in data.levels("degree")]
            if any(value is not None for value in values):
                rows.append([f"{what}, {name}", *values])
    return rows


def analyse(data):
    """The findings."""
    degrees, tables, shares, bars = data.levels("degree"), [], [], []
    for cpus in data.levels("cpus"):
        head = ["interrupt", *degrees]
        tables.append(Table(f"Exits of the receivers in 500 interrupts, {cpus} CPUs", head,
                            rows_of(data, cpus, ".exits")))
        tables.append(Table(f"Instructions from sending to the handler, {cpus} CPUs", head,
                            rows_of(data, cpus)))
        for kind in OTHERS:
            for mode in MODES:
                for found in data.select(f"post.{kind}.{mode}.exits", cpus=cpus, degree="posted"):
                    shares.append((found["value"] / found["interrupts"], kind, mode, cpus))
    few = data.levels("cpus")[0]
    for kind in ("self", *OTHERS):
        bars += [[f"{kind} ({degree})", data.value(f"post.{kind}.x2apic", cpus=few, degree=degree)]
                 for degree in degrees]
    write_data(data.run, "post", ["who", "instructions"], [bar for bar in bars if bar[1] is not None])
    if not shares:
        return Findings("Posted interrupts were not measured.", "open", tables)
    most, kind, mode, cpus = max(shares)
    gain = [(data.value(f"post.{kind}.x2apic", cpus=few, degree="posted"),
             data.value(f"post.{kind}.x2apic", cpus=few, degree="none"), what)
            for kind, what in (("ipi", "an IPI"), ("event", "an event"))]
    answer = (f"Where interrupts are posted, at most {most:.1%} of those from another vCPU met an exit "
              f"of the receiver ({kind}, {MODES[mode]} mode, {cpus} CPUs); the exits that are left are ends of "
              "runs by the preemption timer, as where nothing is sent. "
              + " ".join(f"From sending to its handler {what} takes {ours:.0f} instructions, instead of "
                         f"{before:.0f}." for ours, before, what in gain if ours and before))
    return Findings(answer, "yes" if most <= WANTED else "no", tables)
