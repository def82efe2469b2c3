# SPDX-License-Identifier: GPL-2.0-or-later
"""Lateness: median and tail, by kind of timer, load and rate limit; beside another guest over
arrangements of the two."""
from lab.analysis import Findings, Table, counted, write_data

KINDS = {"timer.late.call.idle": "by hypercall, asleep", "timer.late.call.busy": "by hypercall, working",
         "timer.late.lapic.idle": "by LAPIC, asleep", "timer.late.lapic.busy": "by LAPIC, working"}
# What a timer may be later than the rate limit: the way to the handler, and the switch.
ALLOWED_US = 100


def scenes(data):
    """(name, rate limit or None, the cells' levels) in the order of the picture."""
    yield "Xen 4.17, alone", None, {"hypervisor": "xen-4.17", "load": "alone"}
    yield "Xenolith, alone", None, {"hypervisor": "xenolith", "load": "alone"}
    for limit in sorted(data.levels("ratelimit")):
        yield (f"Xenolith, beside a guest, limit {limit} µs", limit,
               {"hypervisor": "xenolith", "load": "beside", "ratelimit": limit})


def lateness(data):
    """[scene, timer, boots, half of the medians, largest median, least, most] and {limit: most}."""
    rows, latest = [], {}
    for scene, limit, where in scenes(data):
        for metric, kind in KINDS.items():
            median = data.over_arrangements(metric, **where)
            if not median:
                continue
            least = data.over_arrangements(metric, "min", **where)["least"]
            most = data.over_arrangements(metric, "max", **where)["most"]
            rows.append([scene, kind, median["n"], median["half"], median["most"], least, most])
            if limit is not None:
                latest[limit] = max(latest.get(limit, 0), most)
    return rows, latest


def analyse(data):
    """The findings."""
    rows, latest = lateness(data)
    write_data(data.run, "late", ["scene", "kind", "median", "least", "largest median", "most"],
               [[row[0], row[1], row[3], row[5], row[4], row[6]] for row in rows])
    ratios = [row[3] for row in data.beside(KINDS, load="alone") if row[3]]
    words = [f"Alone, a timer's median lateness is {min(ratios):.2f} to {max(ratios):.2f} times "
             "Xen's."] if ratios else []
    boots = max((row[2] for row in rows), default=1)
    for limit, most in latest.items():
        words.append(f"Beside a guest that works all the time, over {counted(boots, 'arrangement')} of "
                     f"the two, with a rate limit of {limit} µs, the latest is {most / 1000:.0f} µs "
                     "late.")
    fine = (not ratios or max(ratios) <= 1) and all(
        most / 1000 - limit < ALLOWED_US for limit, most in latest.items())
    return Findings(" ".join(words), "yes" if fine else "no", [
        Table("Lateness in instructions, at one a nanosecond",
              ["scene", "timer", "boots", "half of the medians", "largest median", "least", "most"],
              rows, "Beside a guest one boot is one arrangement of the two, and exact: half of the "
              "boots have a median of at most that. Least and most are over all boots.")])
