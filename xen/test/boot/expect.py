# SPDX-License-Identifier: GPL-2.0-or-later
"""What the boot tests share: looking for lines in their order."""
import re


def find_in_order(lines, expected):
    """The first expression that no line after the one before matches, or None."""
    at = 0
    for want in expected:
        while at < len(lines) and not re.search(want, lines[at]):
            at += 1
        if at == len(lines):
            return want
        at += 1
    return None
