#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Plant realistic bugs, one at a time, in a copy of the tree, and see which test finds each.

usage: run.py BUILD [--only TEXT] [--seconds S] [--least PERCENT] [--again]

Bugs are patch files (bug.py says how they look). The tests that a patch names are run in turn until
one fails: then the bug is found, if they took no more processor time than its patch allows
(processor time, as it hardly depends on the host's load). Each test then runs without a bug, and
must find nothing. The copy and all results stay under BUILD/mutants: a result counts until the
sources or the patch change, so a run that was ended goes on where it was. --again forgets those
of the chosen bugs.

BUILD/mutants/results.tsv has the table. The last line is `MUTANTS total FOUND MISSED 0`; the exit
status is 0 when PERCENT (default 95) were found and no test failed without a bug.
"""
import argparse
import json
import math
import os
import sys

import bug as bugs
import levels
import tree

COLUMNS = ["bug", "kind", "found", "by", "check", "seconds", "what the test said"]


class Results:
    """Results of earlier runs, in a file; the key says what they are results of."""

    def __init__(self, path, sources):
        self.path, self.sources = path, sources
        self.known = {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.known = {k: v for k, v in json.load(file).items() if k.startswith(sources)}

    def get(self, key):
        return self.known.get(f"{self.sources} {key}")

    def put(self, key, value):
        self.known[f"{self.sources} {key}"] = value
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump(self.known, file, indent=1)
        os.replace(self.path + ".new", self.path)

    def forget(self, key):
        self.known.pop(f"{self.sources} {key}", None)


def search(folder, bug, seconds):
    """The row of one planted bug."""
    total, said = 0.0, "nothing"
    row = {"bug": f"{bug.name}: {bug.title}", "kind": bug.kind, "found": "no", "by": "",
           "check": "no", "seconds": 0.0}
    for test in bug.tests:
        wrong = levels.build(folder, levels.targets(test))
        if wrong:
            return dict(row, found="invalid", said=wrong)
        found, took = levels.run(folder, test, seconds)
        total += took
        if found:
            in_time = total <= seconds
            return dict(row, found="yes" if in_time else "late", by=test, said=found,
                        check="yes" if in_time and levels.in_check(test, found) else "no",
                        seconds=round(total, 1))
    return dict(row, seconds=round(total, 1), said=said)


def plant(folder, bug, seconds):
    """Plant one bug, search for it, take it out."""
    wrong = tree.plant(folder, bug)
    try:
        return search(folder, bug, seconds) if not wrong else \
            {"bug": f"{bug.name}: {bug.title}", "kind": bug.kind, "found": "invalid", "by": "",
             "check": "no", "seconds": 0.0, "said": wrong}
    finally:
        tree.restore(folder, bug)


def write_table(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        for row in [COLUMNS] + [[str(v).replace("\t", " ") for v in row.values()] for row in rows]:
            file.write("\t".join(row) + "\n")


def controls(folder, chosen, results):
    """Run each test without a bug; how many fail."""
    failed = 0
    for test in sorted({t for b in chosen for t in b.tests}):
        wrong = results.get(test)
        if wrong is None:
            found, took = None, 0.0
            wrong = levels.build(folder, levels.targets(test))
            if not wrong:
                found, took = levels.run(folder, test, 600, control=True)
            wrong = wrong or found or ""
            results.put(test, wrong)
            print(f"{'FAILS ' if wrong else 'passes'} {took:6.1f} s  {test}, nothing planted"
                  f"{': ' + wrong if wrong else ''}", flush=True)
        failed += bool(wrong)
    return failed


def arguments(argv=None):
    """The command line; what cannot be meant is an error."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", metavar="BUILD")
    parser.add_argument("--only", metavar="TEXT", default="", help="bugs with one of these words")
    parser.add_argument("--seconds", type=float, help="at most, instead of what patches say")
    parser.add_argument("--least", type=float, default=95, metavar="PERCENT")
    parser.add_argument("--again", action="store_true", help="forget earlier results")
    args = parser.parse_args(argv)
    if args.seconds is not None and not 0 < args.seconds < math.inf:
        parser.error("--seconds is more than 0")
    if not 0 <= args.least <= 100:
        parser.error("--least is a percentage, 0 to 100")
    return args


def main():
    """Plant each, then run the same tests without a bug."""
    args = arguments()
    build = os.path.abspath(args.build)
    chosen = bugs.all_bugs(args.only)
    if not chosen:
        sys.exit(f"run.py: no bug has one of the words: {args.only}")
    paths = tree.sources()
    folder = os.path.join(build, "mutants", "tree")
    tree.bring(folder, build, paths)
    results = Results(os.path.join(build, "mutants", "results.json"), tree.digest(paths)[:16])
    rows = []
    for bug in chosen:
        seconds = args.seconds or bug.seconds
        key = f"{bug.name} {bug.digest[:16]} {seconds}"
        if args.again:
            results.forget(key)
        row = results.get(key)
        if not row:
            row = plant(folder, bug, seconds)
            results.put(key, row)
        rows.append(row)
        print(f"{row['found']:7} {row['seconds']:6.1f} s  {row['bug']}\n"
              f"        {row['by'] or ', '.join(bug.tests)}: {row['said']}", flush=True)
    failed = controls(folder, chosen, results)
    write_table(os.path.join(build, "mutants", "results.tsv"), rows)
    found = sum(row["found"] == "yes" for row in rows)
    by_check = sum(row["check"] == "yes" for row in rows)
    print(f"{found} of {len(rows)} found ({100 * found / len(rows):.0f} %), {by_check} of them by "
          f"`make check`; table: {os.path.relpath(build)}/mutants/results.tsv")
    print(f"MUTANTS total {found} {len(rows) - found + failed} 0")
    return 1 if failed or 100 * found < args.least * len(rows) else 0


if __name__ == "__main__":
    sys.exit(main())
