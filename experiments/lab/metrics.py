# SPDX-License-Identifier: GPL-2.0-or-later
"""What the measuring microguest can measure, read from its sources: the names that a plan's bench=
may give, and the other words of its command line."""
import dataclasses
import functools
import glob
import os
import re

from lab import REPO, console, errors

SOURCES = os.path.join(REPO, "bench", "guest")
ROW = re.compile(r'^\t\{ "([\w.]+)", \w+, \d+ \},', re.M)
GROUP = re.compile(r"^DEFINE_GROUP\((\w+), table\);", re.M)
ABOUT = re.compile(r"/\*\n? \*?\s*(?!SPDX)(\w.*?)\*/", re.S)
LITERAL = re.compile(r'"([a-z]\w*(?:\.\w+)+)"')
KEYS = re.compile(r"\bkeys\[\] = \{(.*?)\}", re.S)


@dataclasses.dataclass(frozen=True)
class Group:
    """Benchmarks that one name selects. about: a sentence; names: of the benchmarks."""

    name: str
    about: str
    names: tuple


def _read(name):
    with open(os.path.join(SOURCES, name), encoding="utf-8") as file:
        return file.read()


def _about(text):
    """The first sentence of the comment that says what a file is for."""
    words = ABOUT.search(text.split("\n", 1)[1])[1]
    return re.split(r"\.(?=\s|$)", re.sub(r"\s*\n \*\s*", " ", words).strip())[0]


@functools.cache
def groups():
    """All groups, in the order of their names."""
    found = []
    for name in sorted(glob.glob("**/*.c", root_dir=SOURCES, recursive=True)):
        text = _read(name)
        group = GROUP.search(text)
        if group:
            found.append(Group(group[1], _about(text), tuple(ROW.findall(text))))
    return found


@functools.cache
def names():
    """Every word that bench= takes: groups first, then benchmarks."""
    return ([group.name for group in groups()] +
            [name for group in groups() for name in group.names])


@functools.cache
def keys():
    """The keys of the guest's command line."""
    return re.findall(r'"(\w+)"', KEYS.search(_read("args.c"))[1])


def check_args(args):
    """Check the args of a guest that measures; a word with {names} is filled in later. Raises
    LabError for a word that would measure nothing."""
    for word in args.split():
        key, equals, value = word.partition("=")
        if "{" in key:
            continue
        if key not in keys() or not equals:
            raise errors.LabError(errors.unknown("word", key, keys()))
        for name in value.split(",") if key == "bench" else ():
            if "{" not in name and name not in names():
                raise errors.LabError(errors.unknown("benchmark", name, names(), "lab.py metrics"))


@functools.cache
def _reported():
    """The names that benchmarks report under: their own, with or without a suffix, and others."""
    texts = [_read(name) for name in sorted(glob.glob("**/*.c", root_dir=SOURCES, recursive=True))]
    return sorted({name for text in texts for name in LITERAL.findall(text)} | set(console.OWN))


def produces(metric):
    """Whether a boot may report this metric; one that ends with a dot is a prefix."""
    return any(metric == name or metric.startswith(name.rstrip(".") + ".") or
               metric.endswith(".") and name.startswith(metric) for name in _reported())
