#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the committed inputs of the fuzz targets reach of the code that faces guests.

Replays the seeds and regressions of all targets, and writes to BUILD/fuzz/coverage:
  corpora.info    lines and functions of every file, as lcov and genhtml read it
  all.info        the same with what fuzzing of the image reached, if `make fuzz-system-coverage`
                  was run (--image)
  html/           these as pages (--pages)
  folders.tsv     a row for each folder of reach.toml
  functions.tsv   functions with lines that were not reached, and how many
reach.toml says which code guests reach, and which part of each folder must be reached at least.

Exit status: 0, 1 when a folder is below its floor or an input failed, 2 wrong usage or tools.
"""
import argparse
import collections
import dataclasses
import fnmatch
import json
import os
import shutil
import subprocess
import sys
import tomllib

HERE = os.path.dirname(os.path.abspath(__file__))
REPO = os.path.dirname(os.path.dirname(HERE))
REACH = os.path.join(HERE, "reach.toml")
BATCH = 64


class CoverageError(Exception):
    """Something is missing or malformed."""


@dataclasses.dataclass
class File:
    """Counts of one source file: lines, and functions as {name: (first line, last line)}."""

    lines: dict = dataclasses.field(default_factory=dict)
    functions: dict = dataclasses.field(default_factory=dict)

    def function_at(self, line):
        """The innermost function that a line belongs to, "" outside."""
        best = ""
        for name, (first, last) in self.functions.items():
            if first <= line <= last and (not best or first >= self.functions[best][0]):
                best = name
        return best


class Reach:
    """reach.toml: folders with their floors, and what is left out of them."""

    def __init__(self, path):
        with open(path, "rb") as file:
            table = tomllib.load(file)
        self.folders = table["folder"]
        self.left_out = table.get("left-out", [])
        self.unused = {row["what"] for row in self.left_out}
        for row in self.folders:
            if set(row) != {"name", "paths", "floor"}:
                raise CoverageError(f"a folder has name, paths and floor: {row}")
        for row in self.left_out:
            if set(row) != {"what", "why"} or not row["why"]:
                raise CoverageError(f"what is left out has what and why: {row}")

    def folder_of(self, path):
        """The name of the folder with the longest path that holds @path, or None."""
        found = [(len(p), row["name"]) for row in self.folders for p in row["paths"]
                 if path == p or path.startswith(p + "/")]
        return max(found)[1] if found else None

    def is_left_out(self, path, function):
        """Whether a row names this file, or this function of it."""
        for row in self.left_out:
            where, _, name = row["what"].partition(":")
            if fnmatch.fnmatchcase(path, where) and (not name or fnmatch.fnmatchcase(function, name)):
                self.unused.discard(row["what"])
                return True
        return False

    def cut(self, files):
        """Only what guests reach: {path: File}."""
        kept = {}
        for path, file in sorted(files.items()):
            if not self.folder_of(path):
                continue
            names = {n: s for n, s in file.functions.items() if not self.is_left_out(path, n)}
            gone = set(file.functions) - set(names)
            lines = {n: c for n, c in file.lines.items()
                     if not self.is_left_out(path, "") and file.function_at(n) not in gone}
            if lines:
                kept[path] = File(lines, names)
        return kept


def inputs(target):
    """The committed inputs of a target, without files that describe them."""
    found = []
    for kind in ("seeds", "regressions"):
        folder = os.path.join(REPO, "fuzz", target, kind)
        for where, _, names in os.walk(folder):
            found += [os.path.join(where, n) for n in names]
    return sorted(found)


def replay(build, data, target):
    """Run a target's inputs; the counters are added to those below @data. False: one failed."""
    env = dict(os.environ, GCOV_PREFIX=data, GCOV_PREFIX_STRIP=str(build.count("/")))
    done = subprocess.run([os.path.join(build, "fuzz/coverage", f"replay-{target}"),
                           *inputs(target)], env=env, check=False, text=True, stdout=subprocess.PIPE)
    print(f"{target}: {done.stdout.strip()}", flush=True)
    return done.returncode == 0


def notes_to(data, build, env):
    """Put GCC's notes beside the counters; returns the notes' paths."""
    placed = []
    for where, _, names in os.walk(os.path.join(build, env)):
        for name in names:
            if not name.endswith(".gcno"):
                continue
            to = os.path.join(data, os.path.relpath(os.path.join(where, name), build))
            os.makedirs(os.path.dirname(to), exist_ok=True)
            shutil.copy(os.path.join(where, name), to)
            placed.append(to)
    return sorted(placed)


def add(files, report):
    """Add one object's report, as gcov writes it, to {path: File}."""
    for entry in report["files"]:
        path = os.path.relpath(os.path.join(report["current_working_directory"], entry["file"]),
                               REPO)
        if path.startswith(".."):
            continue
        file = files[path]
        for function in entry["functions"]:
            file.functions[function["name"]] = (function["start_line"], function["end_line"])
        for line in entry["lines"]:
            number = line["line_number"]
            file.lines[number] = file.lines.get(number, 0) + line["count"]


def collect(files, notes):
    """Add the counters of objects, whose notes are at these paths."""
    for at in range(0, len(notes), BATCH):
        out = subprocess.run(["gcov", "--json-format", "--stdout", *notes[at:at + BATCH]], cwd=REPO,
                             check=True, text=True, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL).stdout
        for line in out.splitlines():
            if line.startswith("{"):
                add(files, json.loads(line))


def write_info(path, files):
    """An lcov file."""
    with open(path, "w", encoding="utf-8") as out:
        for name, file in sorted(files.items()):
            hits = {n: max([c for i, c in file.lines.items() if first <= i <= last] or [0])
                    for n, (first, last) in file.functions.items()}
            print(f"TN:\nSF:{os.path.join(REPO, name)}", file=out)
            for function, (first, _) in sorted(file.functions.items()):
                print(f"FN:{first},{function}\nFNDA:{hits[function]},{function}", file=out)
            print(f"FNF:{len(hits)}\nFNH:{sum(1 for h in hits.values() if h)}", file=out)
            for number, count in sorted(file.lines.items()):
                print(f"DA:{number},{count}", file=out)
            print(f"LF:{len(file.lines)}\nLH:{sum(1 for c in file.lines.values() if c)}\n"
                  "end_of_record", file=out)


def folder_rows(reach, files):
    """(name, lines, lines reached, floor) for each folder, and their sum."""
    rows = []
    for row in reach.folders:
        counts = [c for p, f in files.items() if reach.folder_of(p) == row["name"]
                  for c in f.lines.values()]
        rows.append((row["name"], len(counts), sum(1 for c in counts if c), row["floor"]))
    rows.append(("all", sum(r[1] for r in rows), sum(r[2] for r in rows), 0))
    return rows


def union(files, more):
    """Both added up, with files and lines that only one of them has."""
    both = {path: File(dict(f.lines), {**f.functions}) for path, f in files.items()}
    for path, file in more.items():
        mine = both.setdefault(path, File())
        mine.functions.update(file.functions)
        for number, count in file.lines.items():
            mine.lines[number] = mine.lines.get(number, 0) + count
    return both


def function_rows(files):
    """(missing lines, lines, file, function, the first missing line), the most missing first."""
    rows = []
    for path, file in files.items():
        of = collections.defaultdict(list)
        for number, count in sorted(file.lines.items()):
            of[file.function_at(number)].append((number, count))
        for name, lines in of.items():
            missing = [n for n, c in lines if not c]
            if missing:
                rows.append((len(missing), len(lines), path, name, missing[0]))
    return sorted(rows, key=lambda r: (-r[0], r[2:]))


def percent(part, whole):
    """A share of @whole in per cent."""
    return 100 * part / whole if whole else 100.0


def write_tables(out, rows, functions):
    """folders.tsv and functions.tsv."""
    with open(os.path.join(out, "folders.tsv"), "w", encoding="utf-8") as file:
        print("folder", "lines", "reached", "percent", "floor", sep="\t", file=file)
        for name, lines, hit, floor in rows:
            print(name, lines, hit, f"{percent(hit, lines):.1f}", floor, sep="\t", file=file)
    with open(os.path.join(out, "functions.tsv"), "w", encoding="utf-8") as file:
        print("missing", "lines", "file", "function", "first", sep="\t", file=file)
        for row in functions:
            print(*row, sep="\t", file=file)


def tell(rows):
    """Print the folders; True when each is at its floor."""
    good = True
    for name, lines, hit, floor in rows:
        low = percent(hit, lines) < floor
        good &= not low
        print(f"COVERAGE {name} {percent(hit, lines):.1f}% {hit} {lines}"
              f"{f' BELOW {floor}%' if low else ''}")
    return good


def parse():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="+")
    parser.add_argument("--build", default=os.path.join(REPO, "build"), help="build directory")
    parser.add_argument("--image", action="store_true", help="add the counters of x86_64-coverage")
    parser.add_argument("--pages", action="store_true", help="write html/ with genhtml, too")
    args = parser.parse_args()
    args.build = os.path.abspath(args.build)
    return args


def run(args):
    """The command."""
    reach = Reach(REACH)
    out = os.path.join(args.build, "fuzz", "coverage")
    data = os.path.join(out, "data")
    shutil.rmtree(data, ignore_errors=True)
    passed = all([replay(args.build, data, t) for t in args.targets])
    files, image = collections.defaultdict(File), collections.defaultdict(File)
    collect(files, notes_to(data, args.build, "host-cov") + notes_to(data, args.build, "tools-cov"))
    files = reach.cut(files)
    if reach.unused:
        raise CoverageError(f"reach.toml names what there is not: {', '.join(sorted(reach.unused))}")
    rows = folder_rows(reach, files)
    write_tables(out, rows, function_rows(files))
    write_info(os.path.join(out, "corpora.info"), files)
    good = tell(rows)
    if args.image:
        collect(image, [os.path.join(w, n) for w, _, names in os.walk(
            os.path.join(args.build, "x86_64-coverage")) for n in names if n.endswith(".gcno")])
        files = union(files, reach.cut(image))
        print("with what fuzzing of the image reached, and its own files:")
        tell([(*row[:3], 0) for row in folder_rows(reach, files)])
        write_info(os.path.join(out, "all.info"), files)
    if args.pages:
        subprocess.run(["genhtml", "--quiet", "--prefix", REPO, "--output-directory",
                        os.path.join(out, "html"),
                        os.path.join(out, "all.info" if args.image else "corpora.info")], check=True)
    return 0 if good and passed else 1


def main():
    """Run the command; say what is wrong in one line."""
    try:
        return run(parse())
    except (CoverageError, FileNotFoundError, subprocess.CalledProcessError) as err:
        print(f"fuzz coverage: {err}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
