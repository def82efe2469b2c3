# SPDX-License-Identifier: GPL-2.0-or-later
"""Opening and writing trace files."""
import gzip
import itertools
import os
import sys
import zlib

from . import records as abi
from .catalogue import Catalogue
from .errors import TraceError
from .merge import load
from .model import Model
from .symbols import Symbols


def read(path):
    """The bytes of a file, uncompressed."""
    if path == "-":
        data = sys.stdin.buffer.read()
    else:
        with open(path, "rb") as file:
            data = file.read()
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        return gzip.decompress(data)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise TraceError(f"damaged gzip file: {error}") from error


def open_trace(args):
    """The Trace of args.file; args.salvage: warn of damage and use what comes before it;
    args.overlap: see merge.overlap."""
    def warn(error):
        print(f"xltrace.py: warning: {args.file}: {error}; using what comes before",
              file=sys.stderr)
    return load(read(args.file), warn if args.salvage else None, args.overlap)


def open_model(args):
    """The Model of args.file."""
    return Model(open_trace(args), Catalogue(), Symbols(args.symbols))


def in_time_order(trace):
    """The bytes of a file that holds the records of a Trace in their order."""
    out = []
    for cpu, run in itertools.groupby(trace.records, key=lambda record: record[1]):
        out.append(abi.pack_window(cpu, b"".join(
            abi.pack(event, tsc, extra) for tsc, _, event, extra in run)))
    return b"".join(out)


def write(path, data):
    """Write a file whole or not at all."""
    new = f"{path}.new"
    with open(new, "wb") as file:
        file.write(data)
    os.replace(new, path)
