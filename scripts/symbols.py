#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Turn `nm -n` output (standard input) into an assembly file with the table of functions.

Offsets are relative to the image's start. With --empty the table is empty: for the first pass
of the link, when addresses are not known yet.
"""
import sys

BASE = "image_start"


def functions(lines):
    """(address, name) of each function, one name an address; relative to the image's start."""
    base, end, seen = None, None, {}
    for line in lines:
        fields = line.split()
        if len(fields) != 3:
            continue
        value, kind, name = int(fields[0], 16), fields[1], fields[2]
        if name == BASE:
            base = value
        elif name == "init_text_end":
            end = value
        elif kind in "tT" and not name.startswith("."):
            # Global names tell more than local aliases of the same address.
            if value not in seen or kind == "T":
                seen[value] = name
    if base is None or end is None:
        sys.exit("symbols.py: no %s or init_text_end in the input" % BASE)
    return [(value - base, seen[value]) for value in sorted(seen) if base <= value < end]


def emit(table):
    out = ["\t.section .symbols, \"a\"", "\t.balign 8",
           "\t.globl symbol_count", "symbol_count:", "\t.long %d" % len(table),
           "\t.globl symbol_offsets", "symbol_offsets:"]
    out += ["\t.long %#x" % value for value, _ in table]
    out += ["\t.globl symbol_name_offsets", "symbol_name_offsets:"]
    position, names = 0, []
    for _, name in table:
        out.append("\t.long %d" % position)
        names.append("\t.asciz \"%s\"" % name)
        position += len(name) + 1
    out += ["\t.globl symbol_names", "symbol_names:"] + names
    out += ["\t.section .note.GNU-stack, \"\", @progbits"]
    print("\n".join(out))


def main():
    if sys.argv[1:] == ["--empty"]:
        emit([])
    elif not sys.argv[1:]:
        emit(functions(sys.stdin))
    else:
        sys.exit("usage: symbols.py [--empty] < nm-output")


if __name__ == "__main__":
    main()
