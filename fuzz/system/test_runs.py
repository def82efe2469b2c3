#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Short runs of the fuzzing microguest: they find nothing, and they repeat.

usage: test_runs.py BUILD ENV

With Debian's Xen in the cache, also a short comparison with it. The last line is
`FUZZRUNS total PASSED FAILED SKIPPED`.
"""
import os
import re
import subprocess
import sys

import sides
import steps
import triage

RUN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "run.py")


def run(build, env, *words):
    """Run run.py; returns (whether it found nothing, what it said)."""
    done = subprocess.run([sys.executable, RUN, words[0], "--build", build, "--env", env, *words[1:]],
                          capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def repeats(build, env):
    """The same stream twice: the same digest; another seed: another one."""
    said = [run(build, env, "search", "--episodes", "3", "--steps", "200", "--seed", seed)
            for seed in ("3", "3", "4")]
    for good, text in said:
        if not good:
            return text
    digests = [re.search(r"digest (\w+)", text)[1] for _, text in said]
    if digests[0] != digests[1] or digests[0] == digests[2]:
        return f"digests {digests}: the first two must be alike, the third another"
    return ""


def regressions(build, env):
    """What once failed finds nothing, and still is what it was."""
    for old in triage.load():
        good, text = run(build, env, "replay", "--seed", str(old.seed), "--first", str(old.episode),
                         "--steps", str(max(old.only) + 1), "--only", ",".join(map(str, old.only)))
        lines = [line for line in text.splitlines() if steps.STEP.match(line)]
        if not good:
            return f"{old.what}:\n{text}"
        if triage.words(lines, old.only) != old.steps:
            return (f"{old.what}: the grammar changed, and these are other steps now: find numbers for "
                    "the former ones, or write a microguest (triage.py)")
    return ""


def beside_xen(build, env):
    """No difference from Xen but the accepted ones."""
    good, text = run(build, env, "differential", "--calls", "1000", "--steps", "250")
    return "" if good and "FUZZ-DIFFERENTIAL" in text else text


def main():
    """Run them."""
    build, env = sys.argv[1:3]
    tests = [repeats, regressions]
    peer = os.path.exists(os.path.join(sides.qemu.image_dir(), "xen-4.17"))
    if peer:
        tests.append(beside_xen)
    failed = 0
    for test in tests:
        wrong = test(build, env)
        failed += bool(wrong)
        print(f"{'FAILED' if wrong else 'passed'} {test.__name__}{': ' + wrong if wrong else ''}",
              flush=True)
    print(f"FUZZRUNS total {len(tests) - failed} {failed} {0 if peer else 1}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
