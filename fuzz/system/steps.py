# SPDX-License-Identifier: GPL-2.0-or-later
"""What the fuzzing microguest prints, read back.

A step is a line `F EPISODE.STEP OPERATION name=value... = RESULT...`; the parent's own lines are
`F EPISODE end HOW ...`, `F EPISODE leak N pages`, `F EPISODE digest HEX ...` and `F begin ...`,
`F complete digest HEX steps N`.
"""
import dataclasses
import re

STEP = re.compile(r"^F (\d+)\.(\d+) (\S+)((?: [\w.\[\]]+=\S+)*) = (.*)$")
END = re.compile(r"^F (\d+) end (\w+) step (\d+) reason (-?\d+)(?:, |$)")
LEAK = re.compile(r"^F (\d+) leak (-?\d+) pages$")
COMPLETE = re.compile(r"^F complete digest ([0-9a-f]+) steps (\d+)$")
BEGIN = re.compile(r"^F begin ")


@dataclasses.dataclass(frozen=True)
class Step:
    """One step and what came of it."""

    episode: int
    number: int
    operation: str
    arguments: str
    result: str

    def __str__(self):
        return f"{self.episode}.{self.number} {self.operation}{self.arguments} = {self.result}"


@dataclasses.dataclass
class Log:
    """A run: steps by (episode, number), ends and leaks by episode; digest is None when it did not
    come to its end."""

    steps: dict
    ends: dict
    leaks: dict
    digest: str = None
    count: int = 0


def read(lines):
    """The log in the lines of a console."""
    log = Log({}, {}, {})
    for line in lines:
        if found := STEP.match(line):
            step = Step(int(found[1]), int(found[2]), found[3], found[4], found[5])
            log.steps[step.episode, step.number] = step
        elif found := END.match(line):
            log.ends[int(found[1])] = f"{found[2]} at step {found[3]}, reason {found[4]}"
        elif found := LEAK.match(line):
            log.leaks[int(found[1])] = int(found[2])
        elif found := COMPLETE.match(line):
            log.digest, log.count = found[1], int(found[2])
    return log
