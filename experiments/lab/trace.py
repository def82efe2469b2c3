# SPDX-License-Identifier: GPL-2.0-or-later
"""Traces of cells: what to record, taking the rings out of the emulator, digest and last records.

A plan says [hypervisor] trace = "sched,hvm" (or a mask) and collect = ["trace"]. The rings are read
from outside when the machine has powered itself off, so the guest notices nothing and an exact
cell gives the same records every time; a cell that hangs is read as it is.
"""
import os
import subprocess
import sys

from lab import REPO, errors

TOOL = os.path.join(REPO, "traces", "xltrace.py")
SOCKET = "qmp"
PAGES = 512
# The classes of Xen's trace.h, by the names that Xenolith's trace= takes.
CLASSES = {"gen": 0x0001f000, "sched": 0x0002f000, "dom0op": 0x0004f000, "hvm": 0x0008f000,
           "mem": 0x0010f000, "hw": 0x0080f000, "all": 0x0ffff000}
OFF = ("", "off")
ENDED = {"xenolith": r": powering off", "xen-4.17": r"Hardware Dom0"}
LAST = 12
WAIT_END = 60


def mask(words):
    """The event mask of a list of classes, or of a number."""
    total = 0
    for word in words.split(","):
        if word in CLASSES:
            total |= CLASSES[word]
        else:
            try:
                total |= int(word, 0)
            except ValueError:
                raise errors.LabError(errors.unknown("trace class", word, CLASSES)) from None
    return total


def options(config):
    """Words for the hypervisor's command line."""
    if config["trace"] in OFF:
        return ""
    key = "trace" if config["hypervisor"] == "xenolith" else "tevt_mask"
    return f"tbuf_size={PAGES} {key}={mask(config['trace']):#x}"


def wanted(config):
    """Whether a cell's rings are to be read."""
    return "trace" in config["collect"] and config["trace"] not in OFF


def tool(*words):
    """Run xltrace.py; what it prints, or a LabError."""
    done = subprocess.run([sys.executable, TOOL, *words], capture_output=True, text=True,
                          check=False, timeout=600)
    if done.returncode:
        raise errors.LabError(f"xltrace.py {words[0]}: {done.stderr.strip()}")
    return done.stdout


def capture(folder, ended):
    """Read the rings of the emulator that runs in this folder into its file "trace"."""
    wait = ["--wait-end", str(WAIT_END)] if ended else []
    tool("capture-qmp", *wait, "--log", os.path.join(folder, "console.log"), "-o",
         os.path.join(folder, "trace"), os.path.join(folder, SOCKET))


def digest(folder):
    """The fingerprint of the records in time order."""
    return tool("digest", os.path.join(folder, "trace")).split()[0]


def last_records(folder):
    """The last records, for a cell that did not end."""
    return tool("decode", os.path.join(folder, "trace")).splitlines()[-LAST:]
