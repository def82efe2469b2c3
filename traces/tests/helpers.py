# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests share: small traces by hand, the recorded ones, the command, Debian's xenalyze."""
import contextlib
import gzip
import io
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TRACES = os.path.dirname(HERE)
REPO = os.path.dirname(TRACES)
sys.path[:0] = [TRACES]

import xltrace  # noqa: E402  pylint: disable=wrong-import-position
from tracelib import merge, model  # noqa: E402  pylint: disable=wrong-import-position
from tracelib import records as abi  # noqa: E402  pylint: disable=wrong-import-position
from tracelib.catalogue import Catalogue  # noqa: E402  pylint: disable=wrong-import-position

CATALOGUE = Catalogue()
RECORDED = {name: os.path.join(TRACES, "recorded", name)
            for name in sorted(os.listdir(os.path.join(TRACES, "recorded")))
            if name.endswith(".gz")}


def number(name, **fixed):
    """The number of an event; fixed: what is part of it, such as old_state=2."""
    return next(n for n, e in CATALOGUE.events.items()
                if e.name == name and all(e.fixed[k] == v for k, v in fixed.items()))


def window(cpu, *records):
    """A window of records (tsc, event name or number, words...)."""
    return abi.pack_window(cpu, b"".join(
        abi.pack(event if isinstance(event, int) else number(event), tsc, extra)
        for tsc, event, *extra in records))


def change(tsc, vcpu, old, new):
    """A change of runstate, for window()."""
    return (tsc, number("runstate_change", old_state=old, new_state=new), vcpu[0] << 16 | vcpu[1])


def model_of(*windows):
    """The Model of a file made of these windows."""
    return model.Model(merge.load(b"".join(windows)), CATALOGUE)


def recorded(name):
    """The bytes of a recorded trace."""
    with gzip.open(RECORDED[name]) as file:
        return file.read()


def run(*argv):
    """(exit status, output, error output) of the command, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = xltrace.main([str(arg) for arg in argv])
        except SystemExit as end:
            status = end.code
    return status, out.getvalue(), err.getvalue()


def xenalyze_command():
    """The fetched xenalyze with its own libraries, or None when the cache has none."""
    cache = os.environ.get("XENOLITH_CACHE") or os.path.join(REPO, ".cache")
    peer = os.path.join(cache, "root", "peer")
    libs = [os.path.join(peer, d, "x86_64-linux-gnu") for d in ("lib", "usr/lib")]
    program = os.path.join(peer, "usr/bin/xenalyze")
    if not os.path.exists(program):
        return None
    return [os.path.join(libs[0], "ld-linux-x86-64.so.2"), "--library-path", ":".join(libs),
            program]
