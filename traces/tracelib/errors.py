# SPDX-License-Identifier: GPL-2.0-or-later
"""The one error the trace tools raise for what they are given."""


class TraceError(Exception):
    """Input that cannot be used: what is wrong and, for files, at which byte."""

    def __init__(self, what, offset=None):
        super().__init__(what if offset is None else f"offset {offset} ({offset:#x}): {what}")
        self.offset = offset
