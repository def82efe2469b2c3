# SPDX-License-Identifier: GPL-2.0-or-later
"""Bugs to plant: patch files with a header of `Name: value` lines.

    Bug: a unit that left the pool stays on the list of waiting units
    Kind: lost wake
    Seconds: 10                     how long the search may take at most (optional)
    Test: unit sched-pools          tests that may find it, the cheapest first
    Test: property null

    --- a/xen/sched/policy/null.c
    ...

A folder of patches is a layer. The kinds of test are in levels.py.
"""
import collections
import hashlib
import os
import re
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
FIELDS = {"Bug", "Kind", "Seconds", "Test"}

# name: LAYER/FILE without the suffix; files: paths in the tree that the patch changes.
Bug = collections.namedtuple("Bug", "name path title kind seconds tests files digest")


def read(path):
    """The bug in a patch file."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    header, found, _ = text.partition("\n--- a/")
    fields = re.findall(r"^(\w+): +(.*\S)\s*$", header, re.M)
    values = dict(fields)
    tests = [value for name, value in fields if name == "Test"]
    unknown = {name for name, _ in fields} - FIELDS
    if not found or unknown or not tests or not {"Bug", "Kind"} <= set(values):
        sys.exit(f"{path}: needs Bug, Kind, Test and a patch, and no other fields "
                 f"({', '.join(unknown) or 'some are missing'})")
    if not re.fullmatch(r"[1-9]\d*", values.get("Seconds", "300")):
        sys.exit(f"{path}: Seconds is a number of at least 1, not {values['Seconds']}")
    name = os.path.relpath(path, FOLDER)[:-len(".patch")]
    return Bug(name, path, values["Bug"], values["Kind"], float(values.get("Seconds", 300)), tests,
               re.findall(r"^--- a/(\S+)", text, re.M), hashlib.sha256(text.encode()).hexdigest())


def all_bugs(text):
    """Those whose name, title or kind contains one of the words of @text (all, if it is empty)."""
    paths = [os.path.join(folder, name) for folder, _, names in sorted(os.walk(FOLDER))
             for name in sorted(names) if name.endswith(".patch")]
    bugs = [read(path) for path in paths]
    words = text.split()
    return [b for b in bugs
            if not words or any(w in f"{b.name} {b.title} {b.kind}" for w in words)]
