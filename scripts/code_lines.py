# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts the lines of C and assembler that hold more than blanks and comments."""
import re

SUFFIXES = (".c", ".h", ".S")
TOKENS = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*.*?\*/', re.S)


def count(path):
    """Lines of code of the file at @path."""
    with open(path, encoding="utf-8", errors="replace") as file:
        text = TOKENS.sub(_without_comment, file.read())
    return sum(1 for line in text.split("\n") if line.strip())


def _without_comment(match):
    return match.group() if match.group()[0] in "\"'" else ""
