# SPDX-License-Identifier: GPL-2.0-or-later
"""Costs of records and of exits with and without them."""
from lab.analysis import Findings, Table, write_data

NAMES = {"exit.hypercall": "null hypercall, before tracing", "trace.exit.off": "null hypercall, events off again",
         "trace.exit.on": "null hypercall, all events on", "trace.record": "one record"}
WHO = {"xenolith": "Xenolith", "xen-4.17": "Xen 4.17"}


def analyse(data):
    """The findings."""
    rows = data.beside(NAMES)
    bars = []
    for hypervisor in data.levels("hypervisor"):
        off, on = (data.value("trace.exit." + w, hypervisor=hypervisor) for w in ("off", "on"))
        if off and on:
            bars.append([WHO[hypervisor], off, on - off, on])
    write_data(data.run, "overhead", ["who", "off", "added", "on"], bars)
    ours, theirs = (data.value("trace.record", hypervisor=h) for h in ("xenolith", "xen-4.17"))
    if not ours:
        return Findings("The rings were kept; nothing was compared.", "open", [
            Table("Instructions", ["what", "Xenolith", "Xen 4.17", "ratio"], rows)])
    never = data.value("exit.hypercall", hypervisor="xenolith")
    off = data.value("trace.exit.off", hypervisor="xenolith")
    answer = f"A record costs {ours:.0f} instructions"
    answer += f", {ours / theirs:.2f} times Xen's {theirs:.0f}." if theirs else "."
    answer += (f" A null hypercall costs {off:.0f} with all events off again, and cost {never:.0f} "
               "before any were on.")
    fine = (not theirs or ours <= theirs / 2) and off <= never
    return Findings(answer, "yes" if fine else "no", [
        Table("Instructions", ["what", "Xenolith", "Xen 4.17", "ratio"], rows)])
