#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Check that docs/status.md names only stages of `make check` that there are.

A row that says "check: `NAME`" claims that this stage shows what the row says. A stage that was lost
would leave a claim that nothing shows.
"""
import os
import re
import sys

import check

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NAMED = re.compile(r"check: ((?:`[a-z0-9-]+`(?:, (?:and )?| and )?)+)")


def unknown(text, stages):
    """The names after "check:" in @text that no stage has, in their order."""
    return [name for match in NAMED.finditer(text) for name in re.findall(r"`([^`]+)`", match[1])
            if name not in stages]


def main():
    """Exit status 1 when a name is unknown, or none was found at all."""
    stages = {stage.name for stage in check.stages("build")}
    # What the check itself would overlook shows here.
    assert unknown("check: `unit`, `gone` and `lost`, case `other`", {"unit"}) == ["gone", "lost"]
    with open(os.path.join(REPO, "docs", "status.md"), encoding="utf-8") as file:
        text = file.read()
    wrong = unknown(text, stages)
    for name in wrong:
        print(f"docs/status.md: make check has no stage {name}; correct the row, or add the stage")
    named = len(NAMED.findall(text))
    print(f"status: {named} rows name stages, {len(wrong)} findings")
    sys.exit(bool(wrong) or not named)


if __name__ == "__main__":
    main()
