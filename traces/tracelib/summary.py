# SPDX-License-Identifier: GPL-2.0-or-later
"""The tables of a trace: counts, cycles, states, latencies. Cycles are those of the time stamps."""
import collections
import itertools

from .catalogue import IDLE, UNKNOWN, vcpu_name
from .model import BLOCKED, OFFLINE, RUNNABLE, RUNNING
from .reasons import hypercall_name, reason_name
from .stats import SPREAD_COLUMNS, Table, spread


def _overview(model, hz):
    trace = model.trace
    cycles = model.end - model.start
    rows = [["records", len(trace.records)],
            ["CPUs", len(trace.cpus)],
            ["vCPUs", sum(v[0] not in (IDLE, UNKNOWN) for v in model.vcpus)],
            ["first cycle", model.start],
            ["cycles", cycles],
            ["cycles per second (taken as)", hz],
            ["seconds", cycles / hz],
            ["records lost", sum(trace.lost.values())],
            ["CPUs with unknown time", sum(map(bool, model.unknown.values()))],
            ["exits cut off by lost records", model.cut],
            ["runstates that do not follow from the one before", model.mismatches],
            ["stamps earlier than the one before on their CPU", sum(trace.backwards.values())]]
    return Table("overview", "Overview", ["what", "value"], rows)


def _events(model, hz):
    seconds = (model.end - model.start) / hz or 1
    counts = collections.Counter()
    for number, count in collections.Counter(r[2] for r in model.trace.records).items():
        event = model.catalogue.find(number)
        counts[event.group, event.name] += count
    rows = [[group, name, count, count / seconds] for (group, name), count in
            sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    return Table("events", "Records by event", ["group", "event", "count", "per_second"], rows)


def _lost(model, _):
    """What is missing. Of the unknown cycles there are no records: some were lost, or the ring was
    full, or its first records are gone."""
    trace = model.trace
    held, first, last = collections.Counter(), {}, {}
    for tsc, cpu, _, _ in trace.records:
        held[cpu] += 1
        first.setdefault(cpu, tsc - model.start)
        last[cpu] = tsc - model.start
    rows = [[cpu, held[cpu], trace.lost.get(cpu, 0), trace.gaps.get(cpu, 0), first.get(cpu),
             last.get(cpu), _length(model.unknown[cpu])] for cpu in trace.cpus]
    return Table("lost", "Records kept and lost; cycle of each CPU's first and last one; cycles of "
                 "which nothing is known",
                 ["cpu", "kept", "lost", "gaps", "first", "last", "unknown"], rows)


def _length(spans):
    return sum(end - start for start, end in spans)


def _cpus(model, _):
    """Who had each CPU. Percentages are of the time that is known."""
    rows = []
    for cpu, ran in model.ran.items():
        idle = sum(end - start for start, end, vcpu in ran if vcpu[0] == IDLE)
        guests = sum(end - start for start, end, vcpu in ran if vcpu[0] not in (IDLE, UNKNOWN))
        unknown = _length((start, end) for start, end, vcpu in ran if vcpu[0] == UNKNOWN)
        rows.append([cpu, guests, idle, unknown,
                     100 * guests / (guests + idle) if guests + idle else None])
    return Table("cpus", "CPUs: cycles of guests, idle, and of which nothing is known; the guests' "
                 "part of the known ones", ["cpu", "guests", "idle", "unknown", "guests_percent"],
                 rows)


def _exit_rows(exits, kind):
    """Rows of exits by domain and kind(exit): cycles from the exit to the entry; exits whose vCPU
    lost its CPU on the way count only."""
    groups = collections.defaultdict(list)
    for done in exits:
        groups[done.vcpu[0], kind(done)].append(done)
    rows = []
    for (domain, name), found in groups.items():
        cycles = [e.end - e.start for e in found if not e.switched]
        rows.append(["?" if domain == UNKNOWN else f"d{domain}", name, len(found),
                     len(found) - len(cycles), sum(cycles), *spread(cycles)])
    return sorted(rows, key=lambda row: (-row[4], row[0], row[1]))


def _exits(model, _):
    return Table("exits", "Exits: cycles from exit to entry (without those that lost the CPU)",
                 ["domain", "reason", "count", "lost_cpu", "cycles"] + SPREAD_COLUMNS,
                 _exit_rows(model.exits, lambda e: reason_name(e.reason)))


def _places(model, _):
    """Where guests left: only with symbols."""
    def place(done):
        found = model.symbols.find(done.vcpu[0], done.rip)
        return f"{found[0] if found else '?'} {reason_name(done.reason)}"
    rows = [[row[0], *row[1].split(" ", 1), *row[2:]]
            for row in _exit_rows(model.exits if model.symbols else [], place)]
    return Table("places", "Exits by the guest's function (with --symbols): cycles from exit to entry",
                 ["domain", "function", "reason", "count", "lost_cpu", "cycles"] + SPREAD_COLUMNS, rows)


def _hypercalls(model, _):
    calls = [e for e in model.exits if e.hypercall is not None]
    return Table("hypercalls", "Hypercalls: cycles from exit to entry (without those that lost the "
                 "CPU)", ["domain", "hypercall", "count", "lost_cpu", "cycles"] + SPREAD_COLUMNS,
                 _exit_rows(calls, lambda e: hypercall_name(e.hypercall)))


def _runstates(model, _):
    rows = []
    for vcpu in sorted(model.states):
        times = [0, 0, 0, 0]
        for start, end, state, _cpu in model.states[vcpu]:
            times[state] += end - start
        total = sum(times)
        if not total or vcpu[0] == UNKNOWN:
            continue
        moves = len({cpu for _, _, state, cpu in model.states[vcpu] if state == RUNNING})
        rows.append([vcpu_name(vcpu), times[RUNNING], times[RUNNABLE], times[BLOCKED],
                     times[OFFLINE], model.end - model.start - total,
                     100 * times[RUNNING] / total, moves])
    return Table("runstates", "Runstates: cycles of each vCPU in each; running_percent is of the time "
                 "that is known",
                 ["vcpu", "running", "runnable", "blocked", "offline", "unknown", "running_percent",
                  "cpus"], rows)


def _wakes(model, _):
    groups = collections.defaultdict(list)
    for wake in model.wakes:
        groups[wake.vcpu].append(wake.end - wake.start)
    rows = [[vcpu_name(v), len(groups[v]), *spread(groups[v])] for v in sorted(groups)]
    return Table("wakeups", "Wake-ups: cycles from wake to running",
                 ["vcpu", "count"] + SPREAD_COLUMNS, rows)


def blind_times(model):
    """[(start, end)] in which some CPU is unknown, in order and apart from each other."""
    merged = []
    for start, end in sorted(span for spans in model.unknown.values() for span in spans):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return merged


def queue_times(model):
    """Length of the queue -> cycles at that length; None: a CPU was unknown meanwhile."""
    times = collections.Counter()
    blind = blind_times(model)
    changes = [(model.start, 0), *model.queue, (model.end, 0)]
    at = 0
    for (before, length), (when, _) in zip(changes, changes[1:]):
        hidden = 0
        while at < len(blind) and blind[at][1] <= before:
            at += 1
        for start, end in itertools.takewhile(lambda span: span[0] < when, blind[at:]):
            hidden += min(end, when) - max(start, before)
        times[None] += hidden
        times[length] += when - before - hidden
    return times


def _queue(model, _):
    times = queue_times(model)
    unknown = times.pop(None)
    total = sum(times.values()) or 1
    rows = [[length, times[length], 100 * times[length] / total] for length in sorted(times)
            if times[length] or not length]
    rows += [["unknown", unknown, None]] if unknown else []
    return Table("queue", "Run queues: cycles with so many vCPUs waiting for a CPU, machine-wide",
                 ["waiting", "cycles", "percent"], rows)


def _interrupts(model, _):
    rows = []
    for step, found in model.latencies.items():
        groups = collections.defaultdict(list)
        for latency in found:
            groups[latency.vcpu, latency.what].append(latency.end - latency.start)
        for vcpu, vector in sorted(groups):
            cycles = groups[vcpu, vector]
            rows.append([step, vcpu_name(vcpu), f"{vector:#x}", len(cycles), *spread(cycles)])
    return Table("interrupts", "Interrupts: cycles from one step to the next",
                 ["step", "vcpu", "vector", "count"] + SPREAD_COLUMNS, rows)


def _evtchn(model, hz):
    seconds = (model.end - model.start) / hz or 1
    counts = collections.Counter()
    for _, _, number, extra in model.trace.records:
        event = model.catalogue.find(number)
        if event.group == "evtchn" and len(extra) == event.words:
            fields = event.decode(extra)
            counts[event.name, fields.get("domain"), fields.get("port")] += 1
    rows = [[name, f"d{domain}", port, count, count / seconds]
            for (name, domain, port), count in
            sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))]
    return Table("evtchn", "Event channels", ["event", "domain", "port", "count", "per_second"],
                 rows)


def summary(model, hz):
    """All tables; hz: cycles per second, for rates only."""
    return [make(model, hz) for make in (_overview, _lost, _cpus, _events, _exits, _places, _hypercalls,
                                         _runstates, _wakes, _queue, _interrupts, _evtchn)]
