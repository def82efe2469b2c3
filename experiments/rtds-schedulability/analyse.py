# SPDX-License-Identifier: GPL-2.0-or-later
"""Shares of task sets without a missed deadline, by theory, reference and policy."""
from lab.analysis import Findings, Table, write_data

SUFFICIENT = {"gfb": "GFB", "bcl": "BCL", "theory": "GFB or BCL"}
RUN = {"reference": "EDF reference", "rtds": "rtds", "credit": "credit", "credit2": "credit2"}
# So many jobs below the bound, at least, before their deadlines say something.
ENOUGH_JOBS = 1000000


def shares(data, cpus):
    """[utilisation, percent of the sets for each of SUFFICIENT and RUN]."""
    rows = []
    for level in data.levels("utilisation"):
        made = data.value("sets.made", cpus=cpus, utilisation=level)
        if made:
            rows.append([level] + [100 * data.value("sets.schedulable", cpus=cpus,
                                                    utilisation=level, by=by) / made
                                   for by in (*SUFFICIENT, *RUN)])
    return rows


def total(data, metric, **where):
    """The sum of a count over all cells."""
    return sum(record["value"] for record in data.select(metric, **where))


def at_least_half(rows, column):
    """The highest utilisation at which half of the sets or more are served, or None."""
    return max((row[0] for row in rows if row[column] >= 50), default=None)


def analyse(data):
    """The findings."""
    by_cpus = {cpus: shares(data, cpus) for cpus in data.levels("cpus")}
    columns = ["utilisation", *SUFFICIENT.values(), *RUN.values()]
    for cpus, rows in by_cpus.items():
        write_data(data.run, f"shares-{cpus}", columns, rows)
    longest = max(by_cpus.values(), key=len)
    write_data(data.run, "rtds", ["utilisation"], [[row[0]] for row in longest])
    write_data(data.run, "policies", ["utilisation"], [[row[0]] for row in longest])
    made, same = total(data, "sets.made"), total(data, "sets.same_as_reference")
    jobs, misses = (total(data, f"sets.safe.{what}", by="rtds") for what in ("jobs", "misses"))
    good = same == made and misses == 0
    half = [[cpus] + [at_least_half(rows, columns.index(name))
                      for name in ("GFB or BCL", "rtds", "credit2", "credit")]
            for cpus, rows in by_cpus.items()]
    return Findings(
        f"rtds ended every job in the nanosecond in which the EDF reference did in {same:.0f} of "
        f"{made:.0f} task sets, and missed a deadline in {misses:.0f} of those that a sufficient "
        f"test accepts ({jobs:.0f} jobs).",
        "no" if not good else "yes" if jobs >= ENOUGH_JOBS else "open",
        [Table("The highest utilisation tried at which at least half of the sets meet all deadlines",
               ["CPUs", "promised by theory", "rtds", "credit2", "credit"], half)] +
        [Table(f"Percent of task sets that meet all deadlines: {cpus} CPU{'s' * (cpus > 1)}",
               columns, rows) for cpus, rows in by_cpus.items()])
