#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Our xl reads each configuration of the corpus as Debian's xl 4.17 does, or differs for a reason
that is listed here.

usage: test_xlcfg.py XL"""

import json
import os
import sys
import tempfile

import corpus
from differences import LEFT_OUT, REASONS


def compare(ours, theirs, defaults):
    """The members in which they differ, as text. What only we print must be a default; libxl leaves
    numbers out that are 0."""
    wrong = []
    for name, value in theirs.items():
        if name not in LEFT_OUT and ours.get(name) != value:
            wrong.append(f"{name}: {ours.get(name)!r}, theirs {value!r}")
    for name, value in ours.items():
        last = name.rsplit(".", 1)[-1]
        if name not in theirs and value not in (0, defaults.get(name, defaults.get(last))):
            wrong.append(f"{name}: {value!r}, not in theirs")
    return "; ".join(wrong)


def check(name, text, xl, folder, reference, defaults):
    """What is wrong with our reading of one configuration; "" if nothing is."""
    status, values, errors = corpus.run(xl, text, folder)
    if status not in (0, 1, 3):
        return f"exit status {status}: {errors}"
    if bool(status) != bool(reference["exit"]):
        return f"exit status {status}, theirs {reference['exit']}: {errors.strip()}"
    if status:
        return "" if errors.strip() else "nothing is said"
    return compare(values, reference["values"], defaults)


def main():
    with open(os.path.join(corpus.FOLDER, "reference.json"), encoding="utf-8") as f:
        reference = json.load(f)
    texts = corpus.read()
    bad = sorted(set(texts) ^ set(reference)) + sorted(set(REASONS) - set(texts))
    bad = [f"{name}: not in both corpus.cfg and reference.json, or differences.py" for name in bad]
    with tempfile.TemporaryDirectory() as folder:
        defaults = corpus.run(sys.argv[1], texts["plain"], folder)[1]
        defaults.update(corpus.run(sys.argv[1], texts["hvm-plain!"], folder)[1])
        defaults.update({"discard_enable": "True", "trusted": "True"})
        for name, text in texts.items():
            wrong = check(name, text, sys.argv[1], folder, reference[name], defaults)
            if wrong and name not in REASONS:
                bad.append(f"{name}: {wrong}")
            elif not wrong and name in REASONS:
                bad.append(f"{name}: is listed as different and is not")
    for line in bad:
        print(line)
    print(f"XLCFG configurations {len(texts)} different {len(REASONS)} wrong {len(bad)}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
