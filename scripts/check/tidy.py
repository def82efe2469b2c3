#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks the style rules that a machine can check; each finding is one line FILE:LINE: what.

Rules: a licence tag on the first lines; tabs and 100 columns; no trailing blanks; functions of at
most 100 lines; files of at most 1000; no preprocessor conditionals inside functions; no marks of
unfinished work; the ABI's headers only as <public/...>.
"""

import re
import subprocess
import sys
from pathlib import Path

COLUMNS = 100
FUNCTION_LINES = 100
FILE_LINES = 1000
SOURCE = {".c", ".h", ".S", ".py", ".sh", ".mk"}
ABI_BY_NAME = re.compile(r"\s*#\s*include\s*<xen/(arch-|hvm/|io/|xen\.h|domctl|sysctl\.h)")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def tracked():
    out = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True).stdout
    return [Path(p) for p in out.split("\n") if p]


def width(line):
    return len(line.expandtabs(8))


def check_lines(path, lines):
    for n, line in enumerate(lines, 1):
        if path.suffix in {".c", ".h", ".S"} and width(line) > COLUMNS:
            yield n, f"{width(line)} columns, more than {COLUMNS}"
        if line != line.rstrip():
            yield n, "blanks at the end of the line"
        if UNFINISHED.search(line) and path.name != "tidy.py":
            yield n, "a mark of unfinished work"
        if path.parts[0] == "xen" and ABI_BY_NAME.match(line):
            yield n, "ABI headers are included as <public/...>"


def check_functions(lines):
    """K&R functions of the kernel style: the body opens and closes in column one."""
    start = None
    for n, line in enumerate(lines, 1):
        if line == "{" and n > 1 and not lines[n - 2].rstrip().endswith("="):
            start = n
        elif line.startswith("}") and start:
            if n - start > FUNCTION_LINES:
                yield start, f"a function of {n - start} lines, more than {FUNCTION_LINES}"
            start = None
        elif start and re.match(r"\s*#\s*(if|ifdef|ifndef|elif|else)\b", line):
            yield n, "a preprocessor conditional inside a function"


def check_file(path):
    lines = path.read_text(encoding="utf-8").split("\n")
    if not any("SPDX-License-Identifier" in line for line in lines[:3]):
        yield 1, "no SPDX-License-Identifier"
    if len(lines) > FILE_LINES:
        yield 1, f"{len(lines)} lines, more than {FILE_LINES}"
    yield from check_lines(path, lines)
    if path.suffix == ".c":
        yield from check_functions(lines)


def main():
    found = 0
    files = [p for p in tracked() if p.suffix in SOURCE or p.name == "Makefile"]
    for path in files:
        for line, what in check_file(path):
            print(f"{path}:{line}: {what}")
            found += 1
    print(f"tidy: {len(files)} files, {found} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
