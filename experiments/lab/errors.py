# SPDX-License-Identifier: GPL-2.0-or-later
"""Errors that say where, what, and what to write instead."""
import difflib
import errno


class LabError(Exception):
    """A mistake of the user's, or of the surroundings: a sentence that says what to change."""


class DiskFull(LabError):
    """Nothing more can be written; what was finished before is kept."""


def nearest(word, words):
    """The valid word that looks most like this one, or ""."""
    found = difflib.get_close_matches(str(word), [str(w) for w in words], 1, 0.5)
    return found[0] if found else ""


def unknown(what, word, words, command=""):
    """The sentence for a word that is none of the valid ones. command: prints the valid words, where
    they are too many for a message."""
    close = nearest(word, words)
    listed = f"{command} lists all" if command else "there are: " + ", ".join(map(str, words))
    return (f"unknown {what} {word!r}" + (f"; did you mean {close!r}?" if close else "") +
            f" ({listed})")


def explain(err, doing):
    """An OSError as a LabError; a full disk is one of its own."""
    if isinstance(err, OSError) and err.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"the disk is full while {doing}: {err.filename or ''}".rstrip(": "))
    return LabError(f"{doing}: {err}")
