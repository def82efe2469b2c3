#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that docs/command-line.md names every command-line parameter of the code, and no other.

A parameter is declared with PARAM_..._VAR or PARAM_CUSTOM_FN; on the page it is the first cell of
a table row.
"""

import re
import sys
from pathlib import Path

PAGE = Path("docs/command-line.md")
DECLARED = re.compile(r'\bPARAM_[A-Z]+_(?:VAR|FN)\(\s*"([^"]+)"')
ROW = re.compile(r"^\| `([^`]+)` \|", re.M)


def declared():
    """{name: where} of all parameters outside the tests."""
    found = {}
    for path in sorted(Path("xen").rglob("*.c")):
        if path.parts[1] == "test":
            continue
        for name in DECLARED.findall(path.read_text(encoding="utf-8")):
            found[name] = path
    return found


def main():
    code = declared()
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    findings = [f"{code[n]}: {n}= is not in {PAGE}" for n in sorted(code.keys() - set(rows))]
    findings += [f"{PAGE}: no code has {n}=" for n in sorted(set(rows) - code.keys())]
    findings += [f"{PAGE}: {n}= stands there twice" for n in sorted({n for n in rows
                                                                      if rows.count(n) > 1})]
    if not code:
        findings.append("no parameter found in xen/: is this the repository's root?")
    print("\n".join([*findings, f"params: {len(code)} parameters, {len(findings)} findings"]))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
