#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the seeds of "hypercall" that have a name: what guests and toolstacks do on purpose.

usage: seeds.py BUILD/gen/generated/fuzz_calls.h FOLDER [--check]     (--check: are they as they would be?)

Random steps seldom make what depends on several right numbers in a row, such as a CPU pool with a
scheduler, CPUs and a domain. A seed says which calls it wants; the numbers of its steps are found by
trying what hypercall.h's generator (calls.c) makes of them.
"""
import re
import struct
import sys
from pathlib import Path

FIELDS, MAX_STEPS = 12, 64
FINALE = 1                                  # INPUT_FINALE: all guests are destroyed in the end
DOM0, DOM0_1, D1, D1_1, D2 = range(5)       # which vCPU
SELF, XEN = 0x7ff0, 0x7ff2
EDGES = [0, 1, 2, 7, 8, 31, 32, 63, 64, 127, 255, 256, 511, 512, 1023, 4095, 4096, 0x7fff, 0x8000,
         0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 1 << 32, 0xfffffffff, 1 << 36,
         (1 << 52) - 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 2, (1 << 64) - 1]
DOMIDS = [SELF, 0, 1, 2, SELF, 0, 1, 2, 1, 0, 3, XEN]
ORDERS = [0, 0, 0, 0, 1, 2, 9, 9, 18, 3, 20, 31]
MAPFLAGS = [2, 6, 3, 1]                     # GNTMAP_*
DOM0_BASE = 0x300
(HOW_32BIT, HOW_TOGETHER, HOW_RAW, HOW_PREEMPT, HOW_RESTART3, HOW_FAULT,
 HOW_INTERRUPTS) = (1 << i for i in range(7))
CALL, GRANT, SCRIBBLE, EVENT, CLOCK = 0, 176, 208, 228, 244
CREDIT, CREDIT2, ARINC653, RTDS, NULL = 5, 6, 7, 8, 9


def likely(kind, v, base):
    """likely_value() of calls.c."""
    if kind == "GFN":
        if v & 0x300 == 0x300:
            base = 0 if base else DOM0_BASE
        return 512 << (v & 1) if v & 0xc00 == 0xc00 else base + 2 + v % 22
    if kind == "ADDR":
        return (likely("GFN", v, base) << 12) + (v % 4096 if v & 0x1c0 == 0x1c0 else 0)
    return {
        "PAD": lambda: 0,
        "DOMID": lambda: DOMIDS[v % len(DOMIDS)],
        "PORT": lambda: v % 12,
        "REF": lambda: 2 + v // 2 % 4 if v & 1 else v // 2 % 12,
        "MAPFLAGS": lambda: MAPFLAGS[0 if v & 4 else v % len(MAPFLAGS)],
        "COPYFLAGS": lambda: v % 4,
        "VCPU": lambda: v % 3,
        "ORDER": lambda: ORDERS[v % len(ORDERS)],
        "HANDLE": lambda: v % 8, "COUNT": lambda: v % 8,
        "OFFSET": lambda: v % 4096 & ~7,
        "FLAGS": lambda: 1 << v % 32 if v & 0x1000 else v & 0x1f,
        "TIME": lambda: v % 64 * 50000,
    }.get(kind, lambda: v % 16)()


def value(kind, raw, base):
    """field_value() of calls.c, without HOW_RAW."""
    if raw >> 13 < 6:
        return likely(kind, raw & 0x1fff, base)
    if raw >> 13 == 6:
        return EDGES[raw % len(EDGES)]
    return (raw * 0x9e3779b97f4a7c15 & (1 << 64) - 1) >> raw % 8 * 8


def find(wants, base, rest=()):
    """The number of which every kind in [(kind, bytes, value)] makes its value; @rest if possible."""
    for wanted in ([*wants, *rest], wants):
        for raw in range(1 << 16):
            if all(value(k, raw, base) & (1 << 8 * n) - 1 == want for k, n, want in wanted):
                return raw
    raise ValueError(f"no number means {wants}")


def between(low, high):
    """Any value in this range that a number has."""
    return next(v for v in (value("RAW", raw, 0) for raw in range(7 << 13, 1 << 16)) if low < v < high)


class Calls:
    """The generated table."""

    def __init__(self, header):
        text = Path(header).read_text()
        self.fields = {
            name: re.findall(r'\{ "([^"]*)", \d+, (\d+), FIELD_(\w+), FIELD_(\w+), (\d+), (\d+), (\d+) \}',
                             body)
            for name, body in re.findall(r"call_field fields_(\w+)\[\] = \{(.*?)\n\};", text, re.S)}
        self.rows = re.findall(r'\{ (\.name = .*) \},', text)
        self.number = {re.search(r'"(\w+)"', row)[1]: i for i, row in enumerate(self.rows)}

    def slots(self, name, pick):
        """(field's name, bytes, kind, kind and bytes of its elements, place) of a structure."""
        struct_name = re.search(r"\.fields = fields_(\w+)", self.rows[self.number[name]])
        used = 0
        for field, size, kind, element, bytes_of, alt, alts in self.fields.get(struct_name and struct_name[1], []):
            if int(alts) and pick % int(alts) != int(alt):
                continue
            yield field.split(".")[-1], int(size), kind, (element, min(int(bytes_of), 8)), used
            used += kind not in ("PAD", "VERSION")

    def args(self, name):
        """(number of the argument, kind) beside the structure."""
        return [(int(n), kind) for n, kind in re.findall(r"\[(\d)\] = FIELD_(\w+)",
                                                         self.rows[self.number[name]])]


CALLS = None


def base_of(who):
    """First frame of the caller's memory."""
    return DOM0_BASE if who in (DOM0, DOM0_1) else 0


def pack(kind, call_nr, who, how, fields, fails=0, race=0, items=0, pick=0):
    """struct step."""
    return struct.pack("<8B12H", kind, call_nr, who, how, fails, race, items, pick, *fields)


def call(name, who=D1, how=0, pick=0, arg=None, fails=0, items=0, array=None, **wanted):
    """A hypercall; @wanted are fields of its structure, @array elements of its first array."""
    wants, rest = [[] for _ in range(FIELDS)], [[] for _ in range(FIELDS)]
    names = {w.rstrip("_"): v for w, v in wanted.items()}
    for field, size, kind, element, used in CALLS.slots(name, pick):
        if kind == "POINTER" and array is not None:
            for i, v in enumerate(array):
                wants[(used + 1 + i) % FIELDS].append((*element, v))
            array = None
        if kind not in ("PAD", "VERSION", "POINTER"):
            key = re.sub(r"\W", "", field)
            # A control call's structure begins with its command, which is given.
            if key in names and (used or not name.startswith("XEN_")):
                wants[used % FIELDS].append((kind, size, names.pop(key)))
            elif kind == "RAW":
                rest[used % FIELDS].append((kind, size, 0))
    for number, kind in CALLS.args(name):
        if arg is not None and kind not in ("ITEMS", "BUFFER", "BATCH"):
            wants[FIELDS - 1 - number].append((kind, 8, arg))
    if names:
        raise SystemExit(f"seeds.py: {name} has no field {', '.join(names)}")
    try:
        numbers = [find(w, base_of(who), r) if w else 0 for w, r in zip(wants, rest)]
    except ValueError as err:
        raise SystemExit(f"seeds.py: {name}({wanted}): {err}") from err
    return pack(CALL, CALLS.number[name], who, how, numbers, fails, items=items, pick=pick)


def press(key):
    """A debug key. The first byte shares its number with the count, so it is a key of no handler."""
    return call("XEN_SYSCTL_debug_keys", DOM0, nr_keys=2, array=[2, ord(key)])


def poke(offset, number, page=1, who=DOM0):
    """Eight bytes of the caller's own memory; page 1 holds what is too large for an array."""
    return pack(SCRIBBLE, 0, who, 0, [offset, find([("RAW", 8, number)], 0), page] + [0] * 9, pick=3)


def grant(ref, flags, domid, gfn, who=D1, off=0, length=0):
    """Write an entry of the caller's grant table."""
    base = base_of(who)
    fields = [ref, flags, find([("DOMID", 2, domid)], base), find([("GFN", 8, gfn)], base), off, length]
    return pack(GRANT, 0, who, 0, fields + [0] * 6)


def transitive(ref, domid, trans_domid, trans_ref, who=D1):
    """Write an entry that leads to another domain's."""
    base = base_of(who)
    fields = [ref, 3, find([("DOMID", 2, domid)], base), find([("DOMID", 2, trans_domid)], base),
              find([("REF", 4, trans_ref)], base)]
    return pack(GRANT, 0, who, 0, fields + [0] * 7)


def event(what, which=0, who=D1, how=0, cpu=0):
    """0: a VIRQ of the vCPU, 1: a global one, 2: an interrupt, 3: the other width's kernel.

    With HOW_INTERRUPTS it is sent by an interrupt handler of @cpu, with 4 added by a softirq.
    """
    return pack(EVENT, 0, who, how, [cpu] + [0] * 11, items=which, pick=what)


def wait(ns=3000000, who=D1):
    """The vCPU computes, while others go on."""
    return pack(CLOCK, 0, who, 0, [find([("TIME", 8, ns)], 0)] + [0] * 11)


def pause(ms=60, who=DOM0_1, how=0):
    """Time passes for all."""
    return pack(CLOCK, 0, who, how, [find([("TIME", 8, ms * 50000)], 0)] + [0] * 11, pick=0xf0)


def fifo():
    """The FIFO ABI of event channels: control blocks, an array, priorities, full queues."""
    steps = [call("EVTCHNOP_bind_ipi", vcpu=v % 2) for v in range(3)]
    steps += [call("EVTCHNOP_alloc_unbound", dom=SELF, remote_dom=SELF),
              call("EVTCHNOP_bind_virq", virq=1, vcpu=0), call("EVTCHNOP_send", port=1),
              call("EVTCHNOP_send", port=2)]
    steps += [call("EVTCHNOP_init_control", control_gfn=2 + v, vcpu=v, offset=0) for v in (0, 1)]
    steps += [call("EVTCHNOP_send", port=3), call("EVTCHNOP_expand_array", array_gfn=5)]
    steps += [call("EVTCHNOP_set_priority", port=p, priority=2 * p) for p in (1, 2, 3)]
    steps += [call("EVTCHNOP_send", port=p) for p in (1, 2, 3, 1)]
    steps += [call("EVTCHNOP_unmask", port=p) for p in (1, 2)]
    steps += [event(0, 1), call("EVTCHNOP_bind_vcpu", port=4, vcpu=1), call("EVTCHNOP_send", port=2),
              call("EVTCHNOP_set_priority", port=2, priority=1), call("EVTCHNOP_send", port=2),
              call("EVTCHNOP_close", port=1), call("EVTCHNOP_status", dom=SELF, port=2),
              call("EVTCHNOP_reset", dom=SELF)]
    return steps


def fifo_race():
    """Events of one queue sent by two vCPUs at once, while the guest scribbles over its words."""
    steps = [call("EVTCHNOP_bind_ipi", vcpu=0) for _ in range(4)]
    steps += [call("EVTCHNOP_init_control", control_gfn=2, vcpu=0, offset=0),
              call("EVTCHNOP_expand_array", array_gfn=5)]
    for port in (1, 2, 3, 4):
        steps += [call("EVTCHNOP_send", who=D1, how=HOW_TOGETHER, port=port),
                  call("EVTCHNOP_send", who=D1_1, port=port % 4 + 1),
                  poke(4 * port, EDGES[21 + port], page=5, who=D1)]
    return steps


def channels():
    """Channels between two domains, their states, and a poll."""
    return [call("EVTCHNOP_alloc_unbound", DOM0, dom=SELF, remote_dom=1),
            call("EVTCHNOP_bind_interdomain", D1, remote_dom=0, remote_port=1),
            call("EVTCHNOP_status", DOM0, dom=SELF, port=1), call("EVTCHNOP_status", D1, dom=SELF, port=1),
            call("EVTCHNOP_send", D1, port=1), call("EVTCHNOP_send", DOM0, port=1),
            call("EVTCHNOP_bind_vcpu", D1, port=1, vcpu=1),
            call("EVTCHNOP_bind_virq", D1, virq=0, vcpu=0), call("EVTCHNOP_bind_virq", D1, virq=1, vcpu=1),
            call("EVTCHNOP_bind_ipi", D1, vcpu=1), call("EVTCHNOP_bind_pirq", DOM0, pirq=3),
            *(call("EVTCHNOP_status", D1, dom=SELF, port=p) for p in (2, 3, 4)),
            call("EVTCHNOP_status", DOM0, dom=SELF, port=2), event(0), event(2, 3, DOM0),
            call("SCHEDOP_poll", D1, nr_ports=2, timeout=50000, array=[2, 1]), wait(who=D1),
            call("EVTCHNOP_close", D1, port=1), call("EVTCHNOP_status", DOM0, dom=SELF, port=1),
            call("EVTCHNOP_bind_interdomain", D1, remote_dom=0, remote_port=1),
            call("EVTCHNOP_reset", DOM0, dom=1), call("EVTCHNOP_close", DOM0, port=1)]


def interrupts():
    """Interrupt handlers and softirqs send events of channels that are unmasked, closed and polled."""
    steps = [call("EVTCHNOP_bind_virq", D1, virq=0, vcpu=0), event(0, 0, D1, HOW_INTERRUPTS, 3),
             event(4, 0, D1, HOW_INTERRUPTS, 2), call("EVTCHNOP_bind_pirq", DOM0, pirq=3),
             event(2, 3, DOM0, HOW_INTERRUPTS, 1), call("EVTCHNOP_unmask", D1, port=1)]
    for cpu in range(5):
        steps += [event(0, 0, D1, HOW_INTERRUPTS | HOW_TOGETHER, cpu),
                  call("SCHEDOP_poll", D1, HOW_TOGETHER, nr_ports=1, timeout=50000, array=[1]),
                  event(4, 0, D1_1, HOW_INTERRUPTS | HOW_TOGETHER, cpu),
                  call("EVTCHNOP_unmask", D1_1, port=1)]
    return steps + [event(0, 0, D1, HOW_INTERRUPTS | HOW_TOGETHER, 2),
                    call("EVTCHNOP_close", D1, HOW_TOGETHER, port=1),
                    event(2, 3, DOM0, HOW_INTERRUPTS | HOW_TOGETHER, 0),
                    call("EVTCHNOP_close", DOM0, port=1)]


def grants_v2():
    """Version 2: whole pages, parts of pages, grants that lead on; and back to version 1."""
    steps = [call("GNTTABOP_set_version", D1, version=2), call("GNTTABOP_set_version", D2, version=2),
             call("GNTTABOP_get_version", DOM0, dom=1),
             grant(9, 1, 0, 6), grant(10, 1 | 4, 2, 7), grant(11, 0x101, 0, 8, off=64, length=512),
             grant(8, 1, 1, 6, who=D2), transitive(7, 0, 2, 8, who=D1)]
    for ref, who, flags in ((9, DOM0, 2), (10, D2, 6), (10, D2, 2), (11, DOM0, 2), (7, DOM0, 2)):
        steps.append(call("GNTTABOP_map_grant_ref", who, dom=1, ref=ref, flags=flags,
                          host_addr=(base_of(who) + 12) << 12))
    for ref, flags in ((9, 1), (11, 1), (7, 1), (9, 2), (8, 3)):
        # The source is a reference, the destination a frame, or the other way round.
        steps.append(call("GNTTABOP_copy", DOM0, pick=0, domid=1, ref=ref, len=4, flags=flags, offset=64))
        steps.append(call("GNTTABOP_copy", DOM0, pick=1, domid=1, len=4, flags=flags, offset=0))
    steps += [call("GNTTABOP_get_status_frames", D1, nr_frames=1, dom=SELF),
              call("GNTTABOP_set_version", D1, version=1)]
    steps += [call("GNTTABOP_unmap_grant_ref", who, handle=0, host_addr=(base_of(who) + 12) << 12)
              for who in (DOM0, D2)]
    steps += [call("GNTTABOP_set_version", D1, version=1), call("GNTTABOP_set_version", D2, version=1)]
    return steps


def grant_table_grows():
    """Frames of the table, and of version 2's states, become part of the guest's memory."""
    steps = [call("GNTTABOP_setup_table", D1, dom=SELF, nr_frames=n, array=[2, 3]) for n in (3, 4, 5)]
    steps += [call("GNTTABOP_set_version", D1, version=2),
              call("GNTTABOP_query_size", DOM0, dom=1)]
    steps += [call("XENMEM_add_to_physmap", D1, domid=SELF, space=1, idx=i, gpfn=g)
              for i, g in ((2, 20), (3, 21), (2, 22), (7, 22))]
    steps += [call("XENMEM_acquire_resource", DOM0, domid=1, type_=1, id_=i, frame=f, nr_frames=n,
                   array=[DOM0_BASE + 18, DOM0_BASE + 19])
              for i, f, n in ((0, 2, 1), (1, 2, 1), (0, 4, 2))]
    steps += [call("GNTTABOP_swap_grant_ref", D1, ref_a=2, ref_b=3),
              call("GNTTABOP_cache_flush", D1, op=1, offset=0, length=7)]
    return steps


def arinc653_plan():
    """A schedule: a frame with windows of d1's vCPUs, whose handle is 0. Without it nothing runs."""
    at = 0              # in page 1, where pointers to what is large lead
    frame, window = between(8000000, 12000000), between(2000000, 4000000)
    return [poke(at, frame), poke(at + 8, 2)] + [
        poke(at + 16 + 32 * i + o, v) for i in (0, 1)
        for o, v in ((0, 0), (8, 0), (16, i), (24, window))] + [
        call("XEN_SYSCTL_scheduler_op", DOM0, cpupool_id=1, sched_id=ARINC653, cmd=0)]


def pools(scheduler):
    """A CPU pool with a scheduler of its own takes CPUs, and a domain that runs there."""
    steps = [call("XEN_SYSCTL_cpupool_op", DOM0, op=1, cpupool_id=1, sched_id=scheduler)]
    for cpu in (3, 4):
        steps += [call("XEN_SYSCTL_cpupool_op", DOM0, op=5, cpupool_id=0, cpu=cpu), wait(who=D1),
                  call("XEN_SYSCTL_cpupool_op", DOM0, op=4, cpupool_id=1, cpu=cpu)]
    steps += [call("XEN_SYSCTL_cpupool_op", DOM0, op=6, cpupool_id=1, domid=1, sched_id=0),
              call("XEN_SYSCTL_cpupool_op", DOM0, op=3, cpupool_id=1),
              call("XEN_SYSCTL_cpupool_op", DOM0, op=7, nr_bits=7)]
    return steps + (arinc653_plan() if scheduler == ARINC653 else [])


def pool_ends():
    """What the policy hears of changes; then the domain goes back, and the pool ends."""
    steps = [press("r"),
             call("XEN_DOMCTL_setvcpuaffinity", DOM0, domain=1, vcpu=0, flags=1, nr_bits=7, array=[15]),
             call("XEN_DOMCTL_setdomainhandle", DOM0, domain=1),
             call("XEN_SYSCTL_cpupool_op", DOM0, op=5, cpupool_id=1, cpu=3),
             call("XEN_SYSCTL_cpupool_op", DOM0, op=5, cpupool_id=1, cpu=4),
             call("XEN_SYSCTL_cpupool_op", DOM0, op=6, cpupool_id=0, domid=1),
             call("XEN_SYSCTL_cpupool_op", DOM0, op=5, cpupool_id=1, cpu=4), wait(),
             call("XEN_SYSCTL_cpupool_op", DOM0, op=4, cpupool_id=0, cpu=4),
             call("XEN_SYSCTL_cpupool_op", DOM0, op=2, cpupool_id=1)]
    return steps


def work():
    """vCPUs of the domain in the pool run, wait and wake one another."""
    steps = [pause(20, how=HOW_TOGETHER),
             call("VCPUOP_set_periodic_timer", D1_1, arg=1, period_ns=1000000)]
    for i in range(3):
        steps += [wait(who=D1), call("VCPUOP_set_singleshot_timer", D1, arg=0, timeout_abs_ns=50000),
                  call("SCHEDOP_block", D1_1, how=HOW_TOGETHER), call("SCHEDOP_yield", D1),
                  call("EVTCHNOP_send", D1, port=1 + i), wait(1000000, D1_1)]
    return steps


def crowd(scheduler):
    """More vCPUs than CPUs: all domains share a pool's two CPUs for several turns, and part again."""
    move = [call("XEN_SYSCTL_cpupool_op", DOM0, op=6, cpupool_id=1, domid=d) for d in (1, 2)]
    mask = dict(domain=1, vcpu=1, nr_bits=7)
    # They wait for their turns, so time is given at the same time.
    busy = [s for who in (D1, D1_1) for s in (pause(40, how=HOW_TOGETHER), wait(3000000, who))]
    return (pools(scheduler) + move + busy + [pause(), press("r")] + busy +
            [call("XEN_DOMCTL_setvcpuaffinity", DOM0, flags=1, array=[15], **mask),
             call("XEN_DOMCTL_setvcpuaffinity", DOM0, flags=2, array=[7], **mask),
             call("VCPUOP_down", D1, arg=1), pause(20), call("VCPUOP_up", D1, arg=1),
             call("XEN_DOMCTL_max_vcpus", DOM0, domain=2, max_=1),
             call("XEN_DOMCTL_pausedomain", DOM0, domain=1), pause(10),
             call("XEN_DOMCTL_unpausedomain", DOM0, domain=1)] + busy + [pause(20)] +
            [call("XEN_DOMCTL_destroydomain", DOM0, domain=d) for d in (2, 2, 2)] + pool_ends() +
            [pause(10)])


def schedulers():
    """One seed for each policy: parameters of the pool, of the domain and of its vCPUs."""
    for name, number, alternative in (("credit", CREDIT, 0), ("credit2", CREDIT2, 1), ("rtds", RTDS, 2),
                                      ("null", NULL, 0), ("arinc653", ARINC653, 0)):
        steps = [call("EVTCHNOP_bind_ipi", D1, vcpu=1)] * 3 + pools(number)
        put = {0: {"weight": 15, "cap": 3}, 1: {"weight": 15, "cap": 3},
               2: {"period": 3000000, "budget": 1000000, "flags": 1}}[alternative]
        for cmd in (0, 1):
            steps.append(call("XEN_DOMCTL_scheduler_op", DOM0, pick=alternative, domain=1,
                              sched_id=number, cmd=cmd, **put))
        steps.append(call("XEN_DOMCTL_scheduler_op", DOM0, pick=alternative, domain=1, sched_id=number,
                          cmd=1))
        for cmd in (2, 3):
            steps.append(call("XEN_DOMCTL_scheduler_op", DOM0, pick=3, domain=1, sched_id=number,
                              cmd=cmd, nr_vcpus=1))
        tune = {CREDIT: (1, {"tslice_ms": 7, "ratelimit_us": 0, "vcpu_migr_delay_us": 1}),
                CREDIT2: (2, {"ratelimit_us": 0})}.get(number, (0, {}))
        steps += [call("XEN_SYSCTL_scheduler_op", DOM0, pick=tune[0], cpupool_id=1, sched_id=number,
                       cmd=cmd, **tune[1]) for cmd in (0, 1, 0)]
        yield f"sched-{name}", steps + work() + [pause()]
        # Under arinc653 the vCPUs wait for their windows longer than a step may.
        yield f"sched-{name}-ends", pools(number) + (work()[:9] if number != ARINC653 else []) + pool_ends()
        yield f"sched-{name}-crowd", crowd(number)


def many_domains():
    """Domains are created with limits, get vCPUs and memory, and are destroyed."""
    make = dict(flags=3, max_vcpus=2, max_evtchn_port=7, max_grant_frames=1, max_maptrack_frames=1,
                grant_opts=2, cpupool_id=0, iommu_opts=0, vmtrace_size=0)
    steps = [call("XEN_DOMCTL_createdomain", DOM0, domain=3, **make),
             call("XEN_DOMCTL_max_vcpus", DOM0, domain=3, max_=2),
             call("XEN_DOMCTL_max_vcpus", DOM0, domain=3, max_=3),
             call("XEN_DOMCTL_max_mem", DOM0, domain=3, max_memkb=15),
             call("XENMEM_populate_physmap", DOM0, domid=3, nr_extents=2, extent_order=0, array=[2, 3]),
             call("XEN_DOMCTL_setdomainhandle", DOM0, domain=3),
             call("XEN_DOMCTL_getdomaininfo", DOM0, domain=3),
             call("XEN_DOMCTL_getvcpuinfo", DOM0, domain=3, vcpu=1),
             call("XEN_DOMCTL_subscribe", DOM0, domain=3, port=1),
             call("XEN_DOMCTL_settimeoffset", DOM0, domain=3),
             call("XEN_DOMCTL_unpausedomain", DOM0, domain=3), wait(who=D1),
             call("XEN_DOMCTL_pausedomain", DOM0, domain=3),
             call("SCHEDOP_remote_shutdown", DOM0, domain_id=3, reason=3),
             call("XEN_DOMCTL_resumedomain", DOM0, domain=3)]
    steps += [call("XEN_DOMCTL_destroydomain", DOM0, domain=3)] * 3
    for change in ({"flags": 1}, {"flags": 0x13}, {"grant_opts": 3}, {"max_vcpus": 0},
                   {"vmtrace_size": 1}, {"flags": 7}, {"cpupool_id": 9}, {"max_vcpus": 7}):
        steps.append(call("XEN_DOMCTL_createdomain", DOM0, domain=3, **{**make, **change}))
    return steps


def tracing():
    """Trace buffers: made, filled, mapped by a toolstack, and dumped."""
    on = [call("XEN_SYSCTL_tbuf_op", DOM0, cmd=3, size=0),
          call("XEN_SYSCTL_tbuf_op", DOM0, cmd=3, size=1),
          call("XEN_SYSCTL_tbuf_op", DOM0, cmd=2, evt_mask=0x1f),
          call("XEN_SYSCTL_tbuf_op", DOM0, cmd=2, evt_mask=1 << 31),
          call("XEN_SYSCTL_tbuf_op", DOM0, cmd=2, evt_mask=1 << 17)]
    go = [call("XEN_SYSCTL_tbuf_op", DOM0, cmd=4), call("XEN_SYSCTL_tbuf_op", DOM0, cmd=0),
          call("EVTCHNOP_bind_virq", DOM0, virq=4, vcpu=0)]
    some = [pause(30)] + [s for i in range(6) for s in (call("SCHEDOP_yield", D1), wait(who=D1), wait(who=D2),
                                          call("SCHEDOP_block", D1_1))]
    end = [press("T"),
           call("XEN_SYSCTL_tbuf_op", DOM0, cmd=1, nr_bits=7), call("XEN_SYSCTL_tbuf_op", DOM0, cmd=5)]
    # Every class of events: the mask is wanted whole.
    every = call("XEN_SYSCTL_tbuf_op", DOM0, cmd=2, evt_mask=0xffffffff)
    return on[:2] + [every] + go + some + end + on[2:]


def full_rings():
    """Trace buffers of a page: full, half full, and read by a consumer that may say anything."""
    on = [call("XEN_SYSCTL_tbuf_op", DOM0, cmd=3, size=1),
          call("XEN_SYSCTL_tbuf_op", DOM0, cmd=2, evt_mask=0xffffffff),
          call("XEN_SYSCTL_tbuf_op", DOM0, cmd=4),
          call("EVTCHNOP_bind_virq", DOM0, virq=4, vcpu=0)]
    ticks = [call("VCPUOP_set_periodic_timer", who, arg=nr, period_ns=100000)
             for who, nr in ((D1, 0), (D1_1, 1))]

    def read(cpu, to):
        return pack(SCRIBBLE, 0, DOM0, 0, [0, find([("RAW", 8, to)], 0)] + [0] * 10, items=cpu, pick=4)

    reads = [read(cpu, to) for to in (512, 0x7fffffff, 8) for cpu in range(5)]
    return on + ticks + [pause(), press("T")] + reads[:5] + [pause(20)] + reads[5:] + [pause(20), press("T")]


def runstate():
    """Areas of run times, vcpu_info, timers, NMIs; a vCPU goes down and up again."""
    return [call("VCPUOP_register_runstate_memory_area", D1, arg=0, pick=0), wait(who=D1),
            call("VCPUOP_register_runstate_memory_area", D1, arg=1, pick=0),
            pack(SCRIBBLE, 0, D1, 0, [0] * FIELDS, pick=3),
            call("vm_assist", D1, arg=5), wait(who=D1), call("SCHEDOP_yield", D1),
            call("VCPUOP_register_vcpu_info", D1, arg=0, mfn=4, offset=0),
            call("VCPUOP_get_runstate_info", D1, arg=0),
            call("VCPUOP_set_periodic_timer", D1, arg=0, period_ns=1000000), wait(who=D1),
            call("VCPUOP_stop_periodic_timer", D1, arg=0),
            call("VCPUOP_set_singleshot_timer", D1, arg=0, timeout_abs_ns=3000000, flags=1), wait(who=D1),
            call("VCPUOP_send_nmi", D1, arg=1), call("VCPUOP_down", D1, arg=1),
            call("VCPUOP_is_up", D1, arg=1), call("VCPUOP_up", D1, arg=1),
            call("SCHEDOP_watchdog", D1, id_=0, timeout=50000), event(3),
            call("SCHEDOP_shutdown_code", D1, reason=1), call("SCHEDOP_shutdown", D1, reason=2),
            call("XEN_DOMCTL_resumedomain", DOM0, domain=1)]


def hotplug():
    """CPUs go off and on under vCPUs that run there."""
    steps = [call("XEN_DOMCTL_setvcpuaffinity", DOM0, domain=1, vcpu=0, flags=1, nr_bits=7, array=[7])]
    for op in (1, 0):
        for cpu in (1, 2):
            steps += [call("XEN_SYSCTL_cpu_hotplug", DOM0, cpu=cpu, op=op), wait(who=D1),
                      call("VCPUOP_set_singleshot_timer", D1, arg=0, timeout_abs_ns=3000000)]
    return steps + [call("XEN_SYSCTL_cpu_hotplug", DOM0, cpu=0, op=op) for op in (2, 3, 1)]


def keys():
    """Debug keys, as the toolstack presses them: each prints what it is about."""
    return [press(k) for k in "hregT"] + [call("XEN_SYSCTL_debug_keys", DOM0, nr_keys=7),
                    call("XEN_SYSCTL_readconsole", DOM0, count=7, clear=1, incremental=1)]


def large_frames():
    """Memory in large pieces: made, split, joined, and given back in parts."""
    frame = 1024        # the number of a list's first element is also that of its length
    one = dict(domid=SELF, nr_extents=1, array=[frame])
    return [call("XEN_DOMCTL_max_mem", DOM0, domain=1, max_memkb=EDGES[20]),
            call("XENMEM_populate_physmap", D1, extent_order=9, **one),
            call("XENMEM_decrease_reservation", D1, extent_order=0, **one),
            call("XENMEM_populate_physmap", D1, extent_order=0, **one),
            call("XENMEM_remove_from_physmap", D1, domid=SELF, gpfn=frame),
            call("XENMEM_decrease_reservation", D1, extent_order=9, **one),
            call("XENMEM_populate_physmap", D1, extent_order=9, **one),
            call("XENMEM_decrease_reservation", D1, extent_order=9, **one)]


def dm(name, **wanted):
    """What dom0's device model does to d1."""
    return call("XEN_DMOP_" + name, DOM0, arg=1, **wanted)


def server(buffered=0, number=0):
    """A server with ports 2 to 10, enabled."""
    return [dm("create_ioreq_server", handle_bufioreq=buffered),
            dm("map_io_range_to_ioreq_server", id_=number, type_=0, start=2, end=10),
            dm("set_ioreq_server_state", id_=number, enabled=1)]


def access(who=D1, at=4, space=0, write=0):
    """A guest's access to 4 bytes of ports (0), memory (1, or VGA's with write=3), PCI (2)."""
    return pack(EVENT, 0, who, 0, [space, write, 3, at] + [0] * 8, items=128, pick=3)


def in_page(offset, number, ring=False):
    """dom0 writes into what it shares with d1's first server."""
    return pack(SCRIBBLE, 0, DOM0, 0, [offset, number] + [0] * 10, items=7 if ring else 2, pick=2)


def device_models():
    """Requests that are answered, that outlive their model, and that a guest's end finds."""
    bind = [call("EVTCHNOP_bind_interdomain", DOM0, remote_dom=1, remote_port=p) for p in (1, 2)]
    send = call("EVTCHNOP_send", DOM0, port=1)
    yield "ioreq-answered", server() + bind[:1] + [access(), in_page(30, 3), send, access(write=1), send,
                                                   in_page(30, 0), send, access(at=1), access(D1_1)]
    close = [call("EVTCHNOP_close", DOM0, port=p) for p in (1, 2)]
    yield "ioreq-closed", server(1) + bind + [access(), *close, access(), dm("destroy_ioreq_server", id_=0)]
    frames = call("XENMEM_acquire_resource", DOM0, domid=1, type_=0, id_=0, nr_frames=2, frame=0,
                  array=[DOM0_BASE + 10, DOM0_BASE + 11])
    window = dm("map_io_range_to_ioreq_server", id_=0, type_=1, start=EDGES[0], end=EDGES[25])
    yield "ioreq-ring", server(2) + [window, frames] + [access(space=1, write=3)] * 3 + [
        in_page(0, 7, True), access(space=1, write=3), dm("set_ioreq_server_state", id_=0, enabled=0),
        dm("destroy_ioreq_server", id_=0), call("XENMEM_remove_from_physmap", DOM0, domid=SELF,
                                                gpfn=DOM0_BASE + 10)]
    yield "ioreq-ends", server(2) + bind[1:] + [frames, access(), access(D1_1)] + [
        call("XEN_DOMCTL_destroydomain", DOM0, domain=1)] * 3
    aside = [call("HVMOP_set_param", DOM0, domid=1, index=i, value=v) for i, v in ((32, 9), (33, 3))]
    yield "ioreq-shown", aside + [dm("create_ioreq_server", handle_bufioreq=1)] + [
        dm("get_ioreq_server_info", id_=0, flags=0), dm("set_ioreq_server_state", id_=0, enabled=1),
        dm("set_ioreq_server_state", id_=0, enabled=0), dm("set_mem_type", nr=2, mem_type=1, first_pfn=3),
        dm("relocate_memory", size=1, src_gfn=4, dst_gfn=20), dm("destroy_ioreq_server", id_=0)]


def device_model_calls():
    """What a device model does to its guest beside answering: types of memory, interrupts, moves."""
    steps = [dm("create_ioreq_server", handle_bufioreq=2), dm("create_ioreq_server", handle_bufioreq=1),
             dm("get_ioreq_server_info", id_=0, flags=0), dm("get_ioreq_server_info", id_=1, flags=1)]
    for kind in 0, 1, 2:
        steps += [dm("map_io_range_to_ioreq_server", id_=0, type_=kind, start=2, end=5),
                  dm("map_io_range_to_ioreq_server", id_=0, type_=kind, start=4, end=7),
                  dm("unmap_io_range_from_ioreq_server", id_=0, type_=kind, start=2, end=5)]
    steps += [dm("set_ioreq_server_state", id_=0, enabled=1), dm("nr_vcpus"),
              call("XENMEM_acquire_resource", DOM0, domid=1, type_=0, id_=0, frame=0x302, nr_frames=1),
              dm("set_mem_type", mem_type=1, nr=3, first_pfn=5),
              dm("set_mem_type", how=HOW_PREEMPT, mem_type=0, nr=3, first_pfn=5),
              dm("set_mem_type", mem_type=2, nr=1, first_pfn=5), dm("set_mem_type", mem_type=1, nr=1, first_pfn=2),
              dm("relocate_memory", size=2, src_gfn=5, dst_gfn=21),
              dm("relocate_memory", how=HOW_PREEMPT, size=2, src_gfn=21, dst_gfn=5),
              dm("track_dirty_vram", pick=1, nr=3, first_pfn=2),
              dm("track_dirty_vram", pick=1, nr=3, first_pfn=2),
              dm("track_dirty_vram"), dm("modified_memory"), dm("inject_event"), dm("inject_msi"),
              dm("set_pci_intx_level"), dm("set_isa_irq_level"), dm("set_pci_link_route"),
              dm("map_mem_type_to_ioreq_server"), dm("pin_memory_cacheattr"), dm("set_irq_level"),
              dm("set_ioreq_server_state", id_=0, enabled=0), dm("destroy_ioreq_server", id_=1),
              dm("destroy_ioreq_server", id_=1), dm("remote_shutdown", reason=3)]
    return steps


def seeds():
    """All of them."""
    yield from (("fifo", fifo()), ("fifo-race", fifo_race()), ("channels", channels()),
                ("interrupts", interrupts()),
                ("grants-v2", grants_v2()), ("grant-table-grows", grant_table_grows()),
                ("domains", many_domains()), ("tracing", tracing()), ("full-rings", full_rings()),
                ("runstate", runstate()), ("hotplug", hotplug()), ("keys", keys()), ("large-frames", large_frames()),
                ("device-model-calls", device_model_calls()))
    yield from schedulers()
    yield from device_models()


def main():
    """The command line."""
    global CALLS
    check = sys.argv[-1] == "--check"
    if len(sys.argv) != 3 + check:
        raise SystemExit(__doc__.split("\n\n")[1])
    CALLS = Calls(sys.argv[1])
    stale = []
    for name, steps in seeds():
        if len(steps) > MAX_STEPS:
            raise SystemExit(f"seeds.py: {name} has {len(steps)} steps, {MAX_STEPS} are the most")
        path, data = Path(sys.argv[2]) / name, struct.pack("<II", 1, FINALE) + b"".join(steps)
        if not check:
            path.write_bytes(data)
        elif not path.exists() or path.read_bytes() != data:
            stale.append(name)
    if stale:
        raise SystemExit(f"seeds.py: {', '.join(stale)} would be written otherwise; run it without --check")


if __name__ == "__main__":
    main()
