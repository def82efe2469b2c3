# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare two runs of the same steps, and tell accepted differences from others.

accepted.toml has one table a difference:

    [[difference]]
    operation = "vcpu.send_nmi"         # the whole name, an expression
    arguments = "v=0"               # found somewhere in them (optional)
    ours = "0"                      # the beginning of Xenolith's result, whole words (optional)
    xen = "-22"                     # and of Xen's (optional)
    changes = "memory"              # what differs from here on, in the rest of the episode; also a
                                    # list (optional)
    after = "memory"                # only when such a difference came before (optional)
    alike = true                    # the results are the same, but what the step did is not
                                    # (default false)
    ends = true                     # nothing can be compared any more: the rest of the episode does
                                    # not count (default false)
    kind = "not built"              # for the table in docs/fuzzing-system.md
    reason = "..."

Both results must match for a rule to apply; the first that does, counts.
"""
import collections
import dataclasses
import re
import tomllib

KINDS = ("not built", "by design", "stricter", "order", "of the emulator", "follows")
TITLES = {
    "not built": "Not built", "by design": "Different by design", "stricter": "Xenolith is stricter",
    "order": "Several things are wrong, and another is named", "of the emulator": "The emulator's doing",
    "follows": "What follows from an earlier difference in the same episode",
}
KEYS = {"operation", "arguments", "ours", "xen", "changes", "after", "alike", "ends", "kind",
        "reason"}


class DifferenceError(ValueError):
    """What is wrong with the file of accepted differences."""


@dataclasses.dataclass
class Rule:
    """An accepted difference."""

    operation: re.Pattern
    arguments: re.Pattern
    ours: re.Pattern
    xen: re.Pattern
    changes: set
    after: str
    alike: bool
    ends: bool
    kind: str
    reason: str
    used: int = 0

    def accepts(self, ours, xen, changed):
        """Whether it explains why these steps differ, after differences of these kinds of state."""
        return bool(self.alike == (ours.result == xen.result)
                    and (not self.after or self.after in changed)
                    and self.operation.fullmatch(ours.operation)
                    and self.arguments.search(ours.arguments)
                    and self.ours.match(ours.result) and self.xen.match(xen.result))


def _names(value):
    """One name or a list of them."""
    return {value} if isinstance(value, str) else set(value)


def _rule(number, table):
    unknown = set(table) - KEYS
    if unknown:
        raise DifferenceError(f"difference {number}: no such key: {', '.join(sorted(unknown))}")
    for key in ("operation", "kind", "reason"):
        if not table.get(key):
            raise DifferenceError(f"difference {number}: no {key}")
    if table["kind"] not in KINDS:
        raise DifferenceError(f"difference {number}: kind is not one of {', '.join(KINDS)}")
    try:
        return Rule(re.compile(table["operation"]), re.compile(table.get("arguments", "")),
                    re.compile(rf"(?:{table.get('ours', '')})(?!\w)" if "ours" in table else ""),
                    re.compile(rf"(?:{table.get('xen', '')})(?!\w)" if "xen" in table else ""),
                    _names(table.get("changes", [])), table.get("after", ""),
                    table.get("alike", False), table.get("ends", False),
                    table["kind"], table["reason"])
    except re.error as err:
        raise DifferenceError(f"difference {number}: {err}") from err


def load(path):
    """The rules of a file; raises DifferenceError."""
    with open(path, "rb") as file:
        try:
            tables = tomllib.load(file)
        except tomllib.TOMLDecodeError as err:
            raise DifferenceError(f"{path}: {err}") from err
    return [_rule(i + 1, table) for i, table in enumerate(tables.get("difference", []))]


@dataclasses.dataclass
class Comparison:
    """same: steps with the same result; accepted: by rule; new: pairs of steps that no rule
    explains; cut: episodes whose rest did not count; uncounted: steps in those rests."""

    same: int = 0
    accepted: int = 0
    uncounted: int = 0
    new: list = dataclasses.field(default_factory=list)
    cut: list = dataclasses.field(default_factory=list)

    @property
    def compared(self):
        """Steps whose results were compared."""
        return self.same + self.accepted + len(self.new)


def _episode(numbers, ours, xen, rules, into):
    """Compare an episode, step by step, until the two differ for good."""
    changed = set()
    for i, key in enumerate(numbers):
        mine, theirs = ours.steps[key], xen.steps.get(key)
        if theirs is None or mine.arguments != theirs.arguments:
            # What an earlier difference gave, such as a port, is an argument now.
            into.cut.append((key[0], key[1], "its arguments differ" if theirs else "Xen's ended"))
            into.uncounted += len(numbers) - i
            return
        rule = next((r for r in rules if r.accepts(mine, theirs, changed)), None)
        if mine.result == theirs.result:
            into.same += 1
            changed |= rule.changes if rule else set()
            continue
        if rule is None:
            into.new.append((mine, theirs))
            continue
        rule.used += 1
        into.accepted += 1
        changed |= rule.changes
        if rule.ends:
            into.cut.append((key[0], key[1], rule.reason))
            into.uncounted += len(numbers) - i - 1
            return


def compare(ours, xen, rules):
    """Compare two logs (steps.Log)."""
    result = Comparison()
    by_episode = collections.defaultdict(list)
    for key in sorted(ours.steps):
        by_episode[key[0]].append(key)
    for numbers in by_episode.values():
        _episode(numbers, ours, xen, rules, result)
    return result


def _cell(expression):
    """An expression as the text of a table's cell."""
    return f"`{expression}`".replace("|", "\\|") if expression else "any"


def page(path):
    """The accepted differences as a page of docs/."""
    with open(path, "rb") as file:
        tables = tomllib.load(file)["difference"]
    lines = ["# Differences from Xen", "",
             "Made by `fuzz/system/run.py page` of `fuzz/system/accepted.toml`, which "
             "`make fuzz-differential` checks: results of the same",
             "calls that differ from those of Debian's Xen 4.17 by right. Expressions match names of "
             "operations, arguments and results",
             "as the fuzzer prints them; arguments are hexadecimal, and results are errors if negative. "
             "[fuzzing-system.md](fuzzing-system.md)", "says how they are found.", ""]
    for kind in KINDS:
        rows = [t for t in tables if t["kind"] == kind]
        if rows:
            lines += [f"## {TITLES[kind]}", "",
                      "| operation | arguments | Xenolith | Xen | why |", "|---|---|---|---|---|"]
            lines += ["| " + " | ".join([*(_cell(t.get(k)) for k in
                                           ("operation", "arguments", "ours", "xen")), t["reason"]])
                      + " |" for t in rows] + [""]
    return "\n".join(lines[:-1]) + "\n"


def _shape(step):
    """What kinds of results are told apart in a summary."""
    return re.match(r"\S*", step.result)[0]


def summary(comparison, most=40):
    """The new differences by operation and result, with an example each."""
    groups = collections.defaultdict(list)
    for ours, xen in comparison.new:
        groups[ours.operation, _shape(ours), _shape(xen)].append((ours, xen))
    lines = []
    for (operation, a, b), pairs in sorted(groups.items(), key=lambda g: -len(g[1]))[:most]:
        ours, xen = pairs[0]
        lines += [f"{len(pairs):5} {operation}: {a} on Xenolith, {b} on Xen; the first:",
                  f"      {ours}", f"      {' ' * len(str(ours).split(' = ', 1)[0])} = {xen.result}"]
    if len(groups) > most:
        lines.append(f"      and {len(groups) - most} more kinds")
    return lines
