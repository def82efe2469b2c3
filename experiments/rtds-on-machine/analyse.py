# SPDX-License-Identifier: GPL-2.0-or-later
"""The same sets by theory, in the simulator and on the machine; what the hypervisor takes of a job."""
from lab.analysis import Findings, Table, counted, write_data

COLUMNS = ["CPUs", "utilisation", "theory", "simulator", "machine", "jobs on the machine",
           "taken of a job, ns"]
# Up to here a miss on the machine alone would not be explained by what the hypervisor takes.
EXPLAINED = 0.9


def percent(data, cpus, share, by):
    """The share of sets that meet all deadlines, in percent; None: not known."""
    side = "machine" if by == "machine" else "simulator"
    where = {"cpus": cpus, "share": share}
    met = [r["value"] for r in data.select("sets.schedulable", **where) if r["by"] == by]
    made = [r["value"] for r in data.select("sets.made", **where)
            if data.run.cells[r["cell"]].factors["by"] == side]
    return 100 * met[0] / made[0] if met and made else None


def analyse(data):
    """The findings."""
    rows = []
    for cpus in data.levels("cpus"):
        for share in data.levels("share"):
            where = {"cpus": cpus, "share": share}
            rows.append([cpus, share / 1000] +
                        [percent(data, cpus, share, by) for by in ("theory", "rtds", "machine")] +
                        [data.value("sets.jobs", by="machine", **where),
                         data.value("sets.overhead", by="machine", **where)])
    for cpus in data.levels("cpus"):
        write_data(data.run, f"machine-{cpus}", COLUMNS, [row for row in rows if row[0] == cpus])
    write_data(data.run, "machine", COLUMNS, rows)
    both = [row for row in rows if row[3] is not None and row[4] is not None]
    worse = [row for row in both if row[4] < row[3]]
    bad = [row for row in worse if row[1] <= EXPLAINED and row[3] == 100]
    taken = [row[6] for row in both]
    if not both:
        return Findings("No point has both sides.", "open")
    return Findings(
        f"In {counted(len(both) - len(worse), 'point')} of {len(both)} the machine serves as many "
        f"sets as the simulator, in {len(worse)} fewer. A job's vCPU runs for "
        f"{min(taken) / 1000:.1f} to {max(taken) / 1000:.1f} µs more than the task's work, at an "
        "instruction a nanosecond.", "no" if bad else "yes",
        [Table("Percent of the task sets that meet all deadlines", COLUMNS, rows,
               "Taken of a job: the time for which its vCPU ran, less the task's work. On 1 CPU "
               "the hypervisor and the guest's timer take it; on more it is the time in which the "
               "vCPU has not yet seen that its work is done.")])
