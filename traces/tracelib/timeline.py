# SPDX-License-Identifier: GPL-2.0-or-later
"""The timeline: one HTML file that needs nothing else, with the trace inside.

The trace is a header (JSON) and columns of numbers, little-endian typed arrays; times are stored
as differences. All columns together are compressed (zlib) and written in base64; the page undoes
that with what browsers bring along. What a record means is concluded here, in model.py, and only
drawn there.
"""
import array
import base64
import html
import json
import os
import re
import sys
import zlib

from .catalogue import DECIMAL, IDLE, RUNSTATES, UNKNOWN, vcpu_name
from .errors import TraceError
from .files import write
from .reasons import CATEGORIES, HYPERCALLS, category, reason_name
from .records import LOST_RECORDS
from .summary import summary

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "timeline_page")
SCRIPTS = ["data.js", "bands.js", "layout.js", "paint.js", "panel.js", "input.js", "main.js",
           "selftest.js"]
TYPES = [("B", 1 << 8), ("H", 1 << 16), ("I", 1 << 32)]


class _Columns:
    """Collects columns of natural numbers, each in the narrowest type that holds it."""

    def __init__(self):
        self.parts, self.index, self.size = [], {}, 0

    def add(self, name, values):
        """A column as it is."""
        top = max(values, default=0)
        code = next((code for code, limit in TYPES if top < limit), "d")
        column = array.array(code, values)
        if sys.byteorder == "big":
            column.byteswap()
        data = column.tobytes()
        data += bytes(-len(data) % 8)
        self.index[name] = [code, self.size, len(column)]
        self.parts.append(data)
        self.size += len(data)

    def add_rising(self, name, values):
        """A column that never falls, stored as differences."""
        self.add(name, [b - a for a, b in zip([0] + values, values)])
        self.index[name].append("rising")

    def encoded(self):
        """All of them in base64."""
        return base64.b64encode(zlib.compress(b"".join(self.parts), 6)).decode()


def _add_records(columns, model):
    """Every record; returns the kinds: (event, number of words)."""
    kinds, order = {}, []
    times, latest, numbers, words = [], model.start, [], []
    for tsc, _, number, extra in model.trace.records:
        latest = max(latest, tsc)
        times.append(latest - model.start)
        key = (number, len(extra))
        if key not in kinds:
            kinds[key] = len(order)
            order.append(key)
        numbers.append(kinds[key])
        words += extra
    position = {cpu: i for i, cpu in enumerate(model.trace.cpus)}
    columns.add_rising("time", times)
    columns.add("kind", numbers)
    columns.add("cpu", [position[r[1]] for r in model.trace.records])
    columns.add("owner", model.owner)
    columns.add("words", words)
    return order


def _describe_kinds(model, order):
    """What the page must know to decode the words of each kind."""
    out = []
    for number, count in order:
        event = model.catalogue.find(number)
        fields = [[name, word, shift, mask if mask < 1 << 32 else 0, wide]
                  for name, word, shift, mask, wide in event.getters]
        if count != event.words:
            fields = [[f"word{i}", i, 0, 0xffffffff, False] for i in range(count)]
        out.append({"name": event.name, "group": event.group, "doc": event.doc, "words": count,
                    "fields": fields, "fixed": event.fixed,
                    "lost": number == LOST_RECORDS})
    return out


def _add_intervals(columns, model):
    """States and exits of each vCPU, who ran on each CPU, where nothing is known, and what led to
    what. Exits that lost the CPU end there."""
    base = model.start
    index = {vcpu: i for i, vcpu in enumerate(model.vcpus)}
    exits = {vcpu: [] for vcpu in model.vcpus}
    for done in model.exits:
        exits[done.vcpu].append(done)
    for i, vcpu in enumerate(model.vcpus):
        states = model.states[vcpu]
        columns.add_rising(f"state{i}.start", [s[0] - base for s in states])
        columns.add(f"state{i}.length", [s[1] - s[0] for s in states])
        columns.add(f"state{i}.value", [s[2] for s in states])
        found = exits[vcpu]
        columns.add_rising(f"exit{i}.index", [e.index for e in found])
        columns.add(f"exit{i}.length",
                    [max((e.end if e.left is None else e.left) - e.start, 0) for e in found])
        columns.add(f"exit{i}.value", [category(e.reason) for e in found])
        columns.add(f"exit{i}.left", [int(e.switched) for e in found])
    for i, cpu in enumerate(model.trace.cpus):
        ran = model.ran[cpu]
        columns.add_rising(f"ran{i}.start", [r[0] - base for r in ran])
        columns.add(f"ran{i}.length", [r[1] - r[0] for r in ran])
        columns.add(f"ran{i}.value", [index[r[2]] for r in ran])
        spans = sorted(model.unknown[cpu])
        columns.add_rising(f"unknown{i}.start", [s[0] - base for s in spans])
        columns.add(f"unknown{i}.length", [s[1] - s[0] for s in spans])
    flows = sorted(model.flows, key=lambda f: f.cause)
    columns.add_rising("flow.cause", [f.cause for f in flows])
    columns.add("flow.effect", [f.effect for f in flows])
    columns.add("flow.target", [index[f.vcpu] for f in flows])
    columns.add("flow.send", [int(f.what == "send") for f in flows])


def _functions(model):
    """Hexadecimal address -> function, of exits; of several domains' names for one, all."""
    found = {}
    for done in model.exits:
        name = model.symbols.name(done.vcpu[0], done.rip)
        if name:
            found.setdefault(f"{done.rip:#x}", set()).add(name)
    return {address: " or ".join(sorted(names)) for address, names in found.items()}


def _header(model, hz, title, columns, order):
    """What the page knows beside the columns."""
    names = {e.reason: [reason_name(e.reason), category(e.reason)] for e in model.exits}
    return {
        "title": title, "hz": hz, "start": str(model.start), "span": model.end - model.start,
        "count": len(model.trace.records), "cpus": model.trace.cpus,
        "vcpus": [{"domain": d, "number": n, "name": vcpu_name((d, n)),
                   "kind": "idle" if d == IDLE else "unknown" if d == UNKNOWN else "guest"}
                  for d, n in model.vcpus],
        "states": RUNSTATES, "categories": CATEGORIES, "reasons": names,
        "hypercalls": HYPERCALLS, "functions": _functions(model),
        "decimal": sorted(DECIMAL), "kinds": _describe_kinds(model, order),
        "columns": columns.index,
        "tables": [{"name": t.name, "title": t.title, "columns": t.columns, "rows": t.rows[:200]}
                   for t in summary(model, hz)],
    }


def _part(name):
    with open(os.path.join(PAGE, name), encoding="utf-8") as file:
        return file.read()


def export(model, path, hz, title):
    """Write the page."""
    if model.end - model.start >= 1 << 53:
        raise TraceError("the first and the last time stamp are too far apart to be drawn")
    columns = _Columns()
    order = _add_records(columns, model)
    _add_intervals(columns, model)
    header = json.dumps(_header(model, hz, title, columns, order), separators=(",", ":"))
    parts = {"TITLE": html.escape(title), "STYLE": _part("style.css"),
             "SCRIPT": "".join(map(_part, SCRIPTS)),
             # No "<" may end the element early, whatever names a trace brings along.
             "HEADER": header.replace("<", "\\u003c"), "DATA": columns.encoded()}
    page = re.sub("@([A-Z]+)@", lambda mark: parts[mark.group(1)], _part("page.html"))
    write(path, page.encode())
