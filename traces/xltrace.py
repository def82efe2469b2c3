#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Capture, read, add up, export and show trace records of Xenolith and of Debian's Xen.

docs/traces.md explains how to look at a trace in ten minutes. FILE may be compressed with gzip; -
is the standard input. Exit status: 0 done, 1 the input cannot be used (the message says where and
why), 2 wrong usage.
"""
import argparse
import os
import sys

from tracelib import (capture, chrome, ctf, decode, digest, files, perfetto, reasons, stats, summary,
                      synth, timeline, tracedat)
from tracelib.errors import TraceError

DEFAULT_HZ = 1e9
EXPORTS = {"perfetto": perfetto.export, "chrome": chrome.export, "ctf": ctf.export,
           "trace.dat": tracedat.export}


def _frequency(text):
    """1e9, 2400000000, 2.4G, 800M."""
    unit = {"k": 1e3, "M": 1e6, "G": 1e9}.get(text[-1:], 1)
    value = float(text[:-1] if unit != 1 else text) * unit
    if not 1 <= value < 1e12:
        raise ValueError(text)
    return value


def _positive(text):
    """A number above zero."""
    value = int(text, 0)
    if value < 1:
        raise ValueError(text)
    return value


def cmd_decode(args):
    """Print the records in time order."""
    model = files.open_model(args)
    lines = decode.json_lines if args.json else decode.text_lines
    sys.stdout.writelines(lines(model, args.tsc_hz))


def cmd_summary(args):
    """Print the tables."""
    model = files.open_model(args)
    tables = summary.summary(model, args.tsc_hz)
    write = stats.to_json if args.json else stats.to_tsv if args.tsv else stats.to_text
    sys.stdout.write(write(tables))
    for cpu, spans in model.unknown.items():
        if spans and spans[-1][1] == model.end:
            print(f"xltrace.py: warning: {args.file}: the ring of CPU {cpu} was full: nothing is known "
                  f"of it from cycle {spans[-1][0] - model.start} on", file=sys.stderr)
    if model.mismatches:
        print(f"xltrace.py: warning: {args.file}: {model.mismatches} runstates do not follow from "
              "the one before: records of some CPU are missing, although nothing says so, and tables "
              "about vCPUs are wrong; --overlap may help", file=sys.stderr)


def cmd_digest(args):
    """Print the fingerprint."""
    print(digest.digest(files.open_trace(args), args.relative))


def cmd_merge(args):
    """Write a file whose records are in time order."""
    files.write(args.output, files.in_time_order(files.open_trace(args)))


def cmd_export(args):
    """Write what other programs read."""
    model = files.open_model(args)
    EXPORTS[args.format](model, args.output, args.tsc_hz)


def cmd_html(args):
    """Write the timeline."""
    title = args.title or os.path.basename(args.file)
    timeline.export(files.open_model(args), args.output, args.tsc_hz, title)


def cmd_capture_qmp(args):
    """Take the rings out of a running or stopped QEMU."""
    print(capture.from_qmp(args.socket, args.t_info, args.log, args.output, args.wait_end))


def cmd_from_memory(args):
    """Take the rings out of a memory dump."""
    print(capture.from_memory(args.file, args.base, args.t_info, args.log, args.output))


def cmd_synth(args):
    """Write a made-up trace."""
    files.write(args.output, synth.trace_bytes(args.records, args.cpus, args.seed))


def _add_file(parser):
    parser.add_argument("file", metavar="FILE", help="what xentrace or a capture wrote")
    parser.add_argument("--salvage", action="store_true",
                        help="use what comes before the damage of a damaged file")
    parser.add_argument("--overlap", action="store_true",
                        help="only the time of which every CPU has records")
    parser.add_argument("--exits", choices=sorted(reasons.VENDORS), default="svm",
                        help="what the exit codes are: of AMD's processors (the default) or "
                        "Intel's")
    parser.add_argument("--symbols", action="append", default=[], metavar="[DOMAIN=]FILE",
                        help="functions at guests' addresses: an ELF file, System.map or kallsyms; "
                        "for one domain or for all; may repeat")


def _add_hz(parser):
    parser.add_argument("--tsc-hz", type=_frequency, default=DEFAULT_HZ, metavar="HZ",
                        help="cycles per second, such as 2.4G (default 1G, QEMU's)")


def _add_rings(parser):
    parser.add_argument("--t-info", type=lambda t: int(t, 0), metavar="ADDR",
                        help="physical address of the rings' directory; without it and --log, "
                        "all memory is searched")
    parser.add_argument("--log", metavar="FILE",
                        help="the serial log; its line `Trace: t_info at ADDR` has the address")
    parser.add_argument("-o", "--output", required=True, metavar="FILE")


def parse(argv):
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name, run, text):
        sub = commands.add_parser(name, help=text, description=run.__doc__)
        sub.set_defaults(run=run)
        return sub

    sub = command("decode", cmd_decode, "the records in time order, as text or JSON lines")
    _add_file(sub)
    _add_hz(sub)
    sub.add_argument("--json", action="store_true", help="one JSON object a line")

    sub = command("summary", cmd_summary, "tables: exits, runstates, latencies, lost records, ...")
    _add_file(sub)
    _add_hz(sub)
    form = sub.add_mutually_exclusive_group()
    form.add_argument("--tsv", action="store_true", help="tab-separated")
    form.add_argument("--json", action="store_true", help="one JSON object")

    sub = command("digest", cmd_digest, "SHA-256 of the records, to compare runs")
    _add_file(sub)
    sub.add_argument("--relative", action="store_true", help="count time from the first record")

    sub = command("merge", cmd_merge, "all CPUs' records in time order, in the same format")
    _add_file(sub)
    sub.add_argument("-o", "--output", required=True, metavar="FILE")

    sub = command("export", cmd_export, "for Perfetto, Chrome, babeltrace2 or trace-cmd")
    sub.add_argument("format", choices=EXPORTS,
                     help="perfetto: TrackEvents for ui.perfetto.dev; chrome: the older JSON, which "
                     "chrome://tracing reads too; ctf: Common Trace Format; trace.dat: for trace-cmd "
                     "and KernelShark")
    _add_file(sub)
    _add_hz(sub)
    sub.add_argument("-o", "--output", required=True, metavar="PATH",
                     help="a file; for ctf a new folder")

    sub = command("html", cmd_html, "a timeline for the browser, in one file")
    _add_file(sub)
    _add_hz(sub)
    sub.add_argument("--title", help="default: the file's name")
    sub.add_argument("-o", "--output", required=True, metavar="FILE")

    sub = command("capture-qmp", cmd_capture_qmp, "take the rings out of a QEMU, from outside")
    sub.add_argument("socket", metavar="SOCKET", help="QMP socket (scripts/qemu.py --qmp)")
    sub.add_argument("--wait-end", type=float, metavar="S",
                     help="first wait so many seconds at most until the machine has shut down; "
                          "QEMU needs -no-shutdown. Runs can be compared then")
    _add_rings(sub)

    sub = command("from-memory", cmd_from_memory, "take the rings out of a memory dump")
    sub.add_argument("file", metavar="FILE", help="ELF core of dump-guest-memory, or raw memory")
    sub.add_argument("--base", type=lambda t: int(t, 0), default=0, metavar="ADDR",
                     help="physical address of a raw dump's first byte (default 0)")
    _add_rings(sub)

    sub = command("synth", cmd_synth, "a made-up trace, for tests and for trying things")
    sub.add_argument("--records", type=_positive, default=100000, metavar="N")
    sub.add_argument("--cpus", type=_positive, default=4, metavar="N")
    sub.add_argument("--seed", type=int, default=1, metavar="N")
    sub.add_argument("-o", "--output", required=True, metavar="FILE")
    return parser.parse_args(argv)


def main(argv=None):
    """The command; returns its exit status."""
    args = parse(argv)
    reasons.use(getattr(args, "exits", "svm"))
    try:
        args.run(args)
        sys.stdout.flush()
    except TraceError as error:
        name = getattr(args, "file", None) or getattr(args, "socket", None) or ""
        print(f"xltrace.py: error: {name}{': ' if name else ''}{error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read our output has seen enough; keep the interpreter from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"xltrace.py: error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
