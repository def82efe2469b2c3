# SPDX-License-Identifier: GPL-2.0-or-later
"""Occupancy beside the model's count and the working set; what masks keep; the cost of a switch."""
from lab.analysis import Findings, Table, write_data

SCENES = {"alone": "alone", "together": "beside a stream", "divided": "beside a stream, divided"}
ON, OFF = "cmt:1,cat:1", "cmt:0"
ALLOWED_PERCENT = 5
ALLOWED_INSTRUCTIONS = 100
LOAD, NEIGHBOUR = 1, 2


def percent(value, of):
    """How far a value is from another, in percent of that."""
    return 100 * (value - of) / of if of else 0.0


def occupancies(data):
    """[scene, working set KiB, domain, reported, counted, difference %] for each figure."""
    rows = []
    for scene, name in SCENES.items():
        for kib in data.levels("kib"):
            for found in data.select("cache.occupancy", scene=scene, kib=kib):
                who = "working set" if found["of"] == LOAD else "stream"
                rows.append([name, kib, who, found["value"] / 1024, found["truth"] / 1024,
                             percent(found["value"], found["truth"])])
    return rows


def kept(rows):
    """{(scene, working set): share of the working set in the cache, in percent}."""
    return {(row[0], row[1]): 100 * row[4] / row[1] for row in rows if row[2] == "working set"}


def switches(data):
    """[state, instructions a switch] where there is a figure."""
    states = (("monitoring off", "cache.switch.unattached", OFF),
              ("on, both with RMID 0", "cache.switch.unattached", ON),
              ("on, different RMIDs", "cache.switch.attached", ON))
    return [[name, value / 2] for name, metric, psr in states
            if (value := data.value(metric, psr=psr, scene="switches")) is not None]


def analyse(data):
    """The findings."""
    rows, costs = occupancies(data), switches(data)
    shares = kept(rows)
    write_data(data.run, "occupancy", ["scene", "kib", "reported", "counted"],
               [[row[0], row[1], row[3], row[4]] for row in rows if row[2] == "working set"])
    worst = max((abs(row[5]) for row in rows), default=0)
    words = [f"The occupancy told is at most {worst:.1f} % from the model's count."] if rows else []
    divided = [share for (scene, _), share in shares.items() if scene == SCENES["divided"]]
    together = [share for (scene, _), share in shares.items() if scene == SCENES["together"]]
    if divided and together:
        words.append(f"Beside a stream, {min(together):.0f} to {max(together):.0f} % of the working "
                     f"set is in the cache; with a part of its own, {min(divided):.0f} % or more.")
    if len(costs) == 3:
        words.append(f"A switch costs {costs[1][1] - costs[0][1]:.1f} instructions more while "
                     f"monitoring is on, {costs[2][1] - costs[0][1]:.1f} when the register changes.")
    fine = (worst <= ALLOWED_PERCENT and min(divided, default=100) >= 100 - ALLOWED_PERCENT and
            all(cost[1] - costs[0][1] < ALLOWED_INSTRUCTIONS for cost in costs))
    traffic = [[SCENES[r["scene"]], r["kib"], "working set" if r["of"] == LOAD else "stream",
                r["value"]] for r in data.select("cache.traffic")]
    return Findings(" ".join(words), "yes" if fine else "no", [
        Table("Occupancy in KiB", ["scene", "working set", "domain", "told", "counted",
                                   "difference %"], rows,
              "Told in units of 2 KiB. Beside its working set a domain occupies lines for its stack "
              "and code, and for what the hypervisor does on its CPU."),
        Table("Traffic between cache and memory, bytes a microsecond",
              ["scene", "working set", "domain", "traffic"], traffic),
        Table("Instructions a switch of two domains that yield to each other",
              ["state", "instructions"], costs)])
