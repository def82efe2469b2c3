# SPDX-License-Identifier: GPL-2.0-or-later
"""One sequence in time order out of each CPU's records, and what is wrong with their times."""
import dataclasses

from .errors import TraceError
from .records import LOST_RECORDS, parse_file


@dataclasses.dataclass
class Trace:
    """All of a trace.

    records: (tsc, cpu, event, extra) in time order; lost: CPU -> records the hypervisor had to
    drop; gaps: CPU -> how often; backwards: CPU -> how often its time went backwards; first,
    last: the earliest and the latest time.
    """

    records: list
    cpus: list
    lost: dict
    gaps: dict
    backwards: dict
    first: int
    last: int


def merge(by_cpu):
    """Merge in time order. A CPU's own order is always kept, even where its time goes backwards:
    such a record is sorted in as late as the one before it. Equal times: the lower CPU first."""
    keyed = []                              # (time to sort by, CPU, number, record)
    lost, gaps, backwards = {}, {}, {}
    for cpu in sorted(by_cpu):
        latest = 0
        for number, record in enumerate(by_cpu[cpu]):
            if record[0] >= latest:
                latest = record[0]
            else:
                backwards[cpu] = backwards.get(cpu, 0) + 1
            keyed.append((latest, cpu, number, record))
            if record[2] == LOST_RECORDS and record[3]:
                lost[cpu] = lost.get(cpu, 0) + record[3][0]
                gaps[cpu] = gaps.get(cpu, 0) + 1
    keyed.sort()
    return Trace([key[3] for key in keyed], sorted(by_cpu), lost, gaps, backwards, keyed[0][0],
                 keyed[-1][0])


def overlap(by_cpu):
    """Only the time of which every CPU has records."""
    start = max(found[0][0] for found in by_cpu.values() if found)
    end = min(found[-1][0] for found in by_cpu.values() if found)
    cut = {cpu: [r for r in found if start <= r[0] <= end] for cpu, found in by_cpu.items()}
    if not any(cut.values()):
        raise TraceError("there is no time of which every CPU has records")
    return cut


def load(data, salvage=None, only_overlap=False):
    """The Trace in the bytes of a file; see records.parse_file and overlap()."""
    parser = parse_file(data, salvage)
    if not any(parser.by_cpu.values()):
        raise TraceError("the file holds no records")
    return merge(overlap(parser.by_cpu) if only_overlap else parser.by_cpu)
