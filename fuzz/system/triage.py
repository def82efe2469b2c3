# SPDX-License-Identifier: GPL-2.0-or-later
"""From a failing episode to the few steps that make it fail, and to a regression.

regressions.toml has one table a failure that was mended:

    [[regression]]
    what = "a send on a closed channel hit an assertion"
    seed = 7
    episode = 3
    only = [12, 40]                     # the steps that it took
    steps = ["evtchn.close port=2", ...] # what they were, in words

test_runs.py carries them out again: they must find nothing, and be the same steps in words. If
they are not, the grammar changed meanwhile: look for numbers that give those steps, or write a
microguest that makes the calls.
"""
import dataclasses
import json
import os
import re
import tomllib

REGRESSIONS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "regressions.toml")


def reason(line):
    """The hypervisor's last words without numbers, which differ between runs of fewer steps."""
    line = re.sub(r"^\(XEN\) \[ *[\d.]+\] ", "", line.strip())
    return re.sub(r"0x[0-9a-f]+|\b[0-9a-f]{8,}\b|\d+", "#", line)


def reduce(numbers, fails, most=200):
    """The fewest of these steps that still fail, as far as @most runs tell: (numbers, runs).

    Parts are left out, first halves, then ever smaller ones. @fails(numbers) says whether they do.
    """
    numbers, runs, part = list(numbers), 0, max(1, len(numbers) // 2)
    while runs < most:
        at, shorter = 0, False
        while at < len(numbers) and runs < most:
            trial = numbers[:at] + numbers[at + part:]
            runs += 1
            if trial and fails(trial):
                numbers, shorter = trial, True
            else:
                at += part
        if part == 1 and not shorter:
            break
        part = max(1, part // 2)
    return numbers, runs


@dataclasses.dataclass
class Regression:
    """What is to be carried out again."""

    what: str
    seed: int
    episode: int
    only: list
    steps: list


def load(path=REGRESSIONS):
    """The regressions in a file."""
    with open(path, "rb") as file:
        return [Regression(**table) for table in tomllib.load(file).get("regression", [])]


def add(regression, path=REGRESSIONS):
    """Append one."""
    text = "\n[[regression]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in
                                          dataclasses.asdict(regression).items())
    with open(path, "a", encoding="utf-8") as file:
        file.write(text)


def words(trace_lines, only):
    """Operation and arguments of these steps, out of a log's lines."""
    found = {}
    for line in trace_lines:
        step = re.match(r"F \d+\.(\d+) (.*?)(?: = .*)?$", line)
        if step:
            found[int(step[1])] = step[2].strip()
    return [found[number] for number in only if number in found]
