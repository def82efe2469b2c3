# SPDX-License-Identifier: GPL-2.0-or-later
"""trace.dat, which trace-cmd and KernelShark read: written by libtracecmd.

The library puts a file together out of a kernel's tracing folder (descriptions of events) and each
CPU's ring-buffer pages; both are made here. A vCPU is a task, its number a pid, and each change of
who runs on a CPU is a sched_switch, so that both programs show vCPUs as they show tasks. The other
records are events of the system "xen".

The functions that create files are exported by libtracecmd but not in its public header; their use
follows trace-cmd 3.1's own.
"""
import bisect
import ctypes
import os
import struct
import tempfile

from .catalogue import DECIMAL, IDLE, RUNSTATES, UNKNOWN, vcpu_name
from .errors import TraceError
from .model import RUNNABLE
from .reasons import HYPERCALLS, reason_name
from .records import LOST_RECORDS
from .symbols import LONGEST

LIBRARY = "libtracecmd.so.1"
VERSION = 6             # of the file: trace-cmd's since 2.9 and KernelShark's since 1.0 read it
PAGE, PAGE_HEADER = 4096, 16
MISSED, MISSED_COUNT = 1 << 31, 1 << 30         # of a page's commit word
LENGTHS, EXTEND = 28, 30                        # type_len: words of data up to here; more time
DELTA_BITS = 27
FIRST_ID = 1000
COMM = 16
ERRORS = 2              # TEP_LOG_ERROR: the library warns of a buffer without a name
SWITCH, WAKING = "sched_switch", "sched_waking"

PAGE_FORMAT = """\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;
\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;
\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;
\tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;
"""
EVENT_FORMAT = """# compressed entry header
\ttype_len    :    5 bits
\ttime_delta  :   27 bits
\tarray       :   32 bits

\tpadding     : type == 29
\ttime_extend : type == 30
\ttime_stamp : type == 31
\tdata max type_len  == 28
"""
COMMON = [("unsigned short", "common_type", 0, 2, 0), ("unsigned char", "common_flags", 2, 1, 0),
          ("unsigned char", "common_preempt_count", 3, 1, 0), ("int", "common_pid", 4, 4, 1)]
COMMON_SIZE = 8
TYPES = {1: "u8", 2: "u16", 4: "u32", 8: "u64"}
# Runstates as the kernel's task states: sleeping, or still willing to run.
SLEEPING = 1
SCHED = {
    # trace-cmd insists on priorities, which vCPUs do not have.
    SWITCH: ([(f"char prev_comm[{COMM}]", 0, COMM), ("int prev_pid", 16, 4), ("int prev_prio", 20, 4),
              ("long prev_state", 24, 8), (f"char next_comm[{COMM}]", 32, COMM),
              ("int next_pid", 48, 4), ("int next_prio", 52, 4)],
             '"%s:%d [%s] ==> %s:%d", REC->prev_comm, REC->prev_pid, REC->prev_state ? '
             '__print_flags(REC->prev_state, "|", { 1, "S" }) : "R", REC->next_comm, REC->next_pid'),
    WAKING: ([(f"char comm[{COMM}]", 0, COMM), ("int pid", 16, 4)],
             '"%s:%d", REC->comm, REC->pid'),
}


def _format(name, number, fields, text):
    """A format file. fields: (declaration, offset after the common fields, size)."""
    lines = [f"\tfield:{kind} {field};\toffset:{at};\tsize:{size};\tsigned:{signed};"
             for kind, field, at, size, signed in COMMON] + [""]
    lines += [f"\tfield:{declared};\toffset:{COMMON_SIZE + at};\tsize:{size};\tsigned:0;"
              for declared, at, size in fields]
    return "\n".join([f"name: {name}", f"ID: {number}", "format:", *lines, "",
                      f"print fmt: {text}", ""])


def _symbols(names, field):
    """A field's value by name."""
    pairs = ", ".join(f'{{ {number}, "{name}" }}' for number, name in sorted(names.items()))
    return f"__print_symbolic(REC->{field}, {pairs})"


class _Kinds:
    """The events: one for each name and payload length that occurs."""

    def __init__(self, model):
        self.reasons = {done.reason: reason_name(done.reason) for done in model.exits}
        self.has_symbols = bool(model.symbols)
        self.ids, self.formats = {}, {}
        for name, (fields, text) in SCHED.items():
            self.ids[name] = FIRST_ID + len(self.ids)
            self.formats["sched", name] = _format(name, self.ids[name], fields, text)

    def of(self, event, extra):
        """(number, payload) of a record."""
        key = (event.name, len(extra))
        if key not in self.ids:
            self.ids[key] = FIRST_ID + len(self.ids)
            # Readers look for the kernel's event by its name.
            name = f"xen_{event.name}" if event.name in SCHED else event.name
            name += "" if len(extra) == event.words else f"_{len(extra)}"
            self.formats["xen", name] = self._describe(name, event, extra, self.ids[key])
        fixed = bytes(event.fixed.values())
        return self.ids[key], struct.pack(f"<{len(extra)}I", *extra) + fixed + bytes(-len(fixed) % 4)

    def _describe(self, name, event, extra, number):
        if len(extra) == event.words:
            fields = [(field, 4 * word + shift // 8, mask.bit_length() // 8)
                      for field, word, shift, mask, _ in event.getters]
        else:
            fields = [(f"word{i}", 4 * i, 4) for i in range(len(extra))]
        fields += [(field, 4 * len(extra) + i, 1) for i, field in enumerate(event.fixed)]
        shown = [self._show(field, size) for field, _, size in fields]
        text = ", ".join(['"' + " ".join(f for f, _ in shown) + '"', *(arg for _, arg in shown)])
        return _format(name, number, [(f"{TYPES[size]} {field}", at, size)
                                      for field, at, size in fields], text)

    def _show(self, field, size):
        """(conversion, argument) of a field for the print format."""
        if field.endswith("_state"):
            return f"{field}=%s", _symbols(dict(enumerate(RUNSTATES)), field)
        if field == "reason" and self.reasons:
            return "reason=%s", _symbols(self.reasons, field)
        if field == "nr":
            return "nr=%s", _symbols(HYPERCALLS, field)
        if field == "rip" and self.has_symbols:
            return "rip=%pS", "(void *)REC->rip"
        if field in DECIMAL or field.split("_")[-1] in DECIMAL:
            return f"{field}=%{'llu' if size == 8 else 'u'}", f"REC->{field}"
        return f"{field}=0x%{'llx' if size == 8 else 'x'}", f"REC->{field}"


class _Pages:
    """One CPU's ring-buffer pages."""

    def __init__(self):
        self.pages, self.body = [], bytearray()
        self.first = self.latest = None
        self.missed = 0

    def add(self, when, data, lost=0):
        """Add an event at a time in ns; lost: how many are missing before it."""
        if lost:
            self.flush()
            self.missed += lost
        when = when if self.latest is None else max(when, self.latest)
        entry = self._entry(when, data)
        if PAGE_HEADER + len(self.body) + len(entry) > PAGE - 8 * bool(self.missed):
            self.flush()
            entry = self._entry(when, data)
        if self.first is None:
            self.first = when
        self.body += entry
        self.latest = when

    def _entry(self, when, data):
        delta = 0 if self.first is None else when - self.latest
        head = b""
        if delta >> DELTA_BITS:
            head = struct.pack("<II", EXTEND | (delta & (1 << DELTA_BITS) - 1) << 5,
                               delta >> DELTA_BITS & 0xffffffff)
            delta = 0
        words = len(data) // 4
        if words <= LENGTHS:
            return head + struct.pack("<I", words | delta << 5) + data
        return head + struct.pack("<II", delta << 5, len(data) + 4) + data

    def flush(self):
        """End the page."""
        if self.first is None:
            return
        commit = len(self.body)
        if self.missed:
            commit |= MISSED | MISSED_COUNT
            self.body += struct.pack("<Q", self.missed)
            self.missed = 0
        page = struct.pack("<QQ", self.first, commit) + self.body
        self.pages.append(page.ljust(PAGE, b"\0"))
        self.body, self.first = bytearray(), None

    def data(self):
        """All pages."""
        self.flush()
        return b"".join(self.pages)


class _Tasks:
    """vCPUs as tasks."""

    def __init__(self, model):
        self.pids = {vcpu: 0 if vcpu[0] == IDLE else i + 1 for i, vcpu in enumerate(model.vcpus)}
        self.names = {vcpu: "unknown" if vcpu[0] == UNKNOWN else vcpu_name(vcpu)
                      for vcpu in model.vcpus}
        self.states = {vcpu: ([s[0] for s in states], states)
                       for vcpu, states in model.states.items()}

    def comm(self, vcpu):
        """A task's name in its field."""
        name = "swapper" if vcpu[0] == IDLE else self.names[vcpu]
        return name.encode()[:COMM - 1].ljust(COMM, b"\0")

    def switch(self, before, after, when):
        """The payload of a change from one vCPU to another."""
        starts, states = self.states.get(before, ((), ()))
        at = bisect.bisect_right(starts, when) - 1
        state = SLEEPING if at >= 0 and states[at][2] > RUNNABLE else 0
        return (self.comm(before) + struct.pack("<i4xq", self.pids[before], state) +
                self.comm(after) + struct.pack("<i4x", self.pids[after]))

    def waking(self, vcpu):
        """The payload of a wake."""
        return self.comm(vcpu) + struct.pack("<i", self.pids[vcpu])

    def lines(self):
        """saved_cmdlines."""
        return "".join(f"{pid} {self.names[vcpu]}\n" for vcpu, pid in self.pids.items() if pid)


class _Cpu:
    """What goes into one CPU's pages: its records, and who runs."""

    def __init__(self, out, cpu):
        self.out, self.pages = out, _Pages()
        ran = out.model.ran[cpu]
        self.current = ran[0][2] if ran else (UNKNOWN, cpu)
        self.changes = iter(ran[1:])
        self.next = next(self.changes, None)

    def put(self, tsc, number, vcpu, payload, lost=0):
        """One event."""
        head = struct.pack("<HBBi", number, 0, 0, self.out.tasks.pids[vcpu])
        self.pages.add(tsc * 10**9 // self.out.hz, head + payload, lost)

    def switch_until(self, tsc, owner=None):
        """The changes of who runs up to a time, or to when the owner does."""
        while self.next and self.next[0] <= tsc and self.current != owner:
            start, _, vcpu = self.next
            self.put(start, self.out.kinds.ids[SWITCH], self.current,
                     self.out.tasks.switch(self.current, vcpu, start))
            self.current, self.next = vcpu, next(self.changes, None)


class _Output:
    """All CPUs' pages and the descriptions that they need."""

    def __init__(self, model, hz):
        self.model, self.hz = model, round(hz)
        self.kinds, self.tasks = _Kinds(model), _Tasks(model)
        self.cpus = {cpu: _Cpu(self, cpu) for cpu in model.trace.cpus}
        for (tsc, cpu, number, extra), index in zip(model.trace.records, model.owner):
            owner, event = model.vcpus[index], model.catalogue.find(number)
            self.cpus[cpu].switch_until(tsc, owner)
            lost = extra[0] if number == LOST_RECORDS and extra else 0
            self.cpus[cpu].put(tsc, *self._with_owner(event, extra, owner), lost)
            fields = event.decode(extra) if event.name == "sched_wake" else {}
            vcpu = (fields.get("domain"), fields.get("vcpu"))
            if vcpu in self.tasks.pids:
                self.cpus[cpu].put(tsc, self.kinds.ids[WAKING], owner, self.tasks.waking(vcpu))
        for cpu in self.cpus.values():
            cpu.switch_until(model.end)

    def _with_owner(self, event, extra, owner):
        number, payload = self.kinds.of(event, extra)
        return number, owner, payload

    def folder(self, place):
        """Write the tracing folder; returns the files of the CPUs' pages."""
        def put(name, text):
            path = os.path.join(place, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        put("events/header_page", PAGE_FORMAT)
        put("events/header_event", EVENT_FORMAT)
        # The library wants at least one of the kernel's own.
        put("events/ftrace/function/format", _format("function", 1, [("u64 ip", 0, 8)],
                                                     '"%ps", (void *)REC->ip'))
        for (system, name), text in self.kinds.formats.items():
            put(f"events/{system}/{name}/format", text)
        put("printk_formats", "")
        put("saved_cmdlines", self.tasks.lines())
        # A function reaches up to the next, so the last one of a table needs an end.
        put("kallsyms", "".join(f"{address:016x} T {name}\n"
                                for table in self.model.symbols.tables.values()
                                for address, name in [*zip(table.addresses, table.names),
                                                      (table.addresses[-1] + LONGEST, "nothing")]))
        files = []
        # The library counts CPUs from 0 and wants a file for each.
        for cpu in range(max(self.cpus) + 1):
            files.append(os.path.join(place, f"cpu{cpu}"))
            with open(files[-1], "wb") as file:
                file.write(self.cpus[cpu].pages.data() if cpu in self.cpus else b"")
        return files


def _library():
    """libtracecmd, or a TraceError that says what to install."""
    try:
        library = ctypes.CDLL(LIBRARY)
        library.tracecmd_output_create.restype = ctypes.c_void_p
    except (OSError, AttributeError):
        raise TraceError(f"there is no {LIBRARY} with what trace-cmd 3.1 has; install the package "
                         "libtracecmd1") from None
    return library


def export(model, path, hz):
    """Write the file."""
    library = _library()
    with tempfile.TemporaryDirectory(prefix="tracedat-") as place:
        files = _Output(model, hz).folder(place)
        handle = ctypes.c_void_p(library.tracecmd_output_create(os.fsencode(path)))
        if not handle:
            raise TraceError(f"{path} cannot be created")
        names = (ctypes.c_char_p * len(files))(*map(os.fsencode, files))
        library.tracecmd_set_quiet(handle, ctypes.c_bool(True))
        library.tracecmd_set_loglevel(ERRORS)
        kallsyms = os.fsencode(os.path.join(place, "kallsyms"))
        steps = [("set_version", lambda: library.tracecmd_output_set_version(handle, VERSION)),
                 ("set_trace_dir", lambda: library.tracecmd_output_set_trace_dir(
                     handle, os.fsencode(place))),
                 ("set_kallsyms", lambda: library.tracecmd_output_set_kallsyms(handle, kallsyms)),
                 ("write_headers", lambda: library.tracecmd_output_write_headers(handle, None)),
                 ("write_cmdlines", lambda: library.tracecmd_write_cmdlines(handle)),
                 ("write_cpus", lambda: library.tracecmd_write_cpus(handle, len(files))),
                 ("write_options", lambda: library.tracecmd_write_options(handle)),
                 ("write_cpu_data", lambda: library.tracecmd_write_cpu_data(
                     handle, len(files), names, None))]
        try:
            for name, step in steps:
                if step():
                    raise TraceError(f"{path}: libtracecmd's {name} failed")
        finally:
            library.tracecmd_output_close(handle)
