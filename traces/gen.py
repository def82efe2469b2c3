#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make what is made from the catalogue of trace events (traces/catalogue.toml).

usage: gen.py header     the hypervisor's trace macros, as C, on the standard output
       gen.py names      the table of names that a panic prints, as C
       gen.py docs       docs/trace-events.md, on the standard output
       gen.py check      is the catalogue sound, and the committed docs page current?

The exit status is 1 when `check` finds something, 2 for wrong arguments.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "traces" / "catalogue.toml"
PAGE = ROOT / "docs" / "trace-events.md"

BYTES = {"u16": 2, "u32": 4, "u64": 8}
GROUPS = ["sched", "exit", "hypercall", "evtchn", "irq", "timer", "gnttab", "memory", "p2m",
          "fault", "emul", "scrub", "other"]
KEYS = {"name", "id", "group", "doc", "fields", "id_fields", "emit", "variable"}
MAX_WORDS = 7
NAME = re.compile(r"[a-z][a-z0-9_]*$")


def load(path=CATALOGUE):
    """The list of events."""
    with open(path, "rb") as file:
        return tomllib.load(file)["event"]


def emitted(events):
    """Those that the hypervisor's code records."""
    return [e for e in events if e.get("emit", True)]


def words(event):
    """Length of the payload in 32-bit words."""
    return sum(BYTES[f["type"]] for f in event["fields"]) // 4


def id_mask(event):
    """The bits of the event's number that hold values."""
    mask = 0
    for field in event.get("id_fields", []):
        mask |= ((1 << field["bits"]) - 1) << field["shift"]
    return mask


# ---- Is the catalogue sound?

def check_event(event):
    """Yield what is wrong with one event."""
    name = event.get("name", "?")
    missing = {"name", "id", "group", "doc", "fields"} - event.keys()
    if missing or event.keys() - KEYS:
        yield f"{name}: lacks {sorted(missing)}, has unknown {sorted(event.keys() - KEYS)}"
        return
    if not NAME.match(name):
        yield f"{name}: a name is of a-z, 0-9 and _"
    if event["group"] not in GROUPS:
        yield f"{name}: no group {event['group']}; there are {' '.join(GROUPS)}"
    if event["id"] & ~0x0FFFFFFF or event["id"] & id_mask(event):
        yield f"{name}: bits of id {event['id']:#x} are out of range or under id_fields"
    names = [f["name"] for f in event.get("id_fields", []) + event["fields"]]
    if len(set(names)) != len(names) or not all(NAME.match(n) for n in names):
        yield f"{name}: names of fields are not different, or not of a-z, 0-9 and _"
    if any(f["type"] not in BYTES for f in event["fields"]):
        yield f"{name}: types are {' '.join(BYTES)}"
        return
    offset = 0
    for field in event["fields"]:
        if offset % min(BYTES[field["type"]], 4):
            yield f"{name}: field {field['name']} straddles a word"
        offset += BYTES[field["type"]]
    if offset % 4 or offset > 4 * MAX_WORDS:
        yield f"{name}: a payload of {offset} bytes; it must be a multiple of 4 up to 28"


def check(events):
    """Yield all findings."""
    seen = {}
    for event in events:
        yield from check_event(event)
        for key in ("name", "id"):
            other = seen.setdefault((key, event.get(key)), event)
            if other is not event:
                yield f"{event.get('name')}: the same {key} as {other.get('name')}"


# ---- C

def word_expressions(fields):
    """C expressions for the 32-bit words of a payload."""
    result = []
    half = None
    for field in fields:
        name = field["name"]
        if field["type"] == "u16" and half is None:
            half = name
        elif field["type"] == "u16":
            result.append(f"{half} | (u32){name} << 16")
            half = None
        elif field["type"] == "u32":
            result.append(name)
        else:
            result += [f"(u32){name}", f"(u32)({name} >> 32)"]
    return result


def parameters(event):
    """The C parameter list."""
    params = [f"u32 {f['name']}" for f in event.get("id_fields", [])]
    params += [f"{f['type']} {f['name']}" for f in event["fields"]]
    return ", ".join(params) or "void"


def function(event):
    """The macro for one event, whose arguments cost nothing while it is off, and what it calls."""
    number = f"{event['id']:#010x}U"
    full = number
    for field in event.get("id_fields", []):
        mask = (1 << field["bits"]) - 1
        full += f" | ({field['name']} & {mask:#x}) << {field['shift']}"
    args = ", ".join([full, *word_expressions(event["fields"])])
    fields = [f["name"] for f in event.get("id_fields", []) + event["fields"]]
    values = ", ".join(fields)
    return (f"static inline void trace_record_{event['name']}({parameters(event)})\n"
            f"{{\n\ttrace_write{words(event)}({args});\n}}\n\n"
            f"/** {event['doc']} */\n"
            f"#define TRACE_ID_{event['name']} {number}\n"
            f"#define trace_{event['name']}({values}) \\\n"
            f"\tTRACE_EVENT(TRACE_ID_{event['name']}, trace_record_{event['name']}({values}))\n")


LICENCE = "/* SPDX-License-Identifier: GPL-2.0-or-later */\n"
MADE = "/* Made by traces/gen.py from traces/catalogue.toml: change that. */\n"


def header(events):
    """The trace macros."""
    return (LICENCE + MADE + "#ifndef GENERATED_TRACE_EVENTS_H\n#define GENERATED_TRACE_EVENTS_H\n\n"
            "#include <xen/trace_write.h>\n\n" +
            "\n".join(function(e) for e in emitted(events)) + "\n#endif\n")


def names(events):
    """Initialisers { id, mask of fixed bits, name } of the table of names."""
    rows = [f"\t{{ {e['id']:#010x}U, {0x0FFFFFFF & ~id_mask(e):#010x}U, \"{e['name']}\" }},\n"
            for e in events]
    return LICENCE + MADE + "".join(rows)


# ---- The docs page

INTRO = """<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
# Trace events

Made from [traces/catalogue.toml](../traces/catalogue.toml) by `traces/gen.py docs`; change that. How
to record and where the buffers are: [trace.md](trace.md). A record is a word with the event's
number (28 bits), the count of payload words (3 bits) and a flag for cycles; then 64 bits of cycles;
then the payload, packed little-endian. Bits of a number written as `[name]` hold a value.
"""


def number_text(event):
    """The event's number, with the places of the values inside it."""
    inside = "".join(f", bits {f['shift']}-{f['shift'] + f['bits'] - 1} `[{f['name']}]`"
                     for f in event.get("id_fields", []))
    return f"`{event['id']:#010x}`{inside}"


def field_text(event):
    """The payload in one table cell."""
    cells = [f"`[{f['name']}]` {f['doc']}" for f in event.get("id_fields", [])]
    cells += [f"`{f['name']}` {f['type']}: {f['doc']}" for f in event["fields"]]
    if event.get("variable"):
        cells.append("padding")
    return "<br>".join(cells) or "none"


def docs(events):
    """The page."""
    page = INTRO
    for group in GROUPS:
        mine = [e for e in events if e["group"] == group]
        if not mine:
            continue
        page += f"\n## {group}\n\n| event | number | when | payload |\n|---|---|---|---|\n"
        for event in mine:
            page += (f"| `{event['name']}` | {number_text(event)} | {event['doc']} | "
                     f"{field_text(event)} |\n")
    return page


def run_check(events):
    """Print findings; the exit status."""
    findings = list(check(events))
    if not findings and (not PAGE.exists() or PAGE.read_text(encoding="utf-8") != docs(events)):
        findings.append("docs/trace-events.md is not what the catalogue says; "
                        "run traces/gen.py docs > docs/trace-events.md")
    for finding in findings:
        print(f"catalogue: {finding}")
    print(f"catalogue: {len(events)} events, {len(findings)} findings")
    return 1 if findings else 0


def main():
    make = {"header": header, "names": names, "docs": docs}
    if len(sys.argv) == 2 and sys.argv[1] in ("-h", "--help"):
        print(__doc__.strip())
        return 0
    if len(sys.argv) != 2 or sys.argv[1] not in {*make, "check"}:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    events = load()
    if sys.argv[1] == "check":
        return run_check(events)
    for finding in check(events):
        sys.exit(f"catalogue: {finding}")
    sys.stdout.write(make[sys.argv[1]](events))
    return 0


if __name__ == "__main__":
    sys.exit(main())
