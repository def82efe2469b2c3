# SPDX-License-Identifier: GPL-2.0-or-later
"""A fingerprint of what happened in a trace.

Taken over the records in time order, each as CPU, event, number of extra words, time and words.
How the file was cut into windows, where rings wrapped and in which order CPUs were drained does
not count.
"""
import hashlib
import struct


def digest(trace, relative=False):
    """Hexadecimal SHA-256; relative: count time from the first record."""
    base = trace.first if relative else 0
    total = hashlib.sha256()
    for tsc, cpu, event, extra in trace.records:
        total.update(struct.pack(f"<IIIQ{len(extra)}I", cpu, event, len(extra),
                                 (tsc - base) & 0xffffffffffffffff, *extra))
    return total.hexdigest()
