# SPDX-License-Identifier: GPL-2.0-or-later
"""What a console log says, as records.

A record is a dictionary with metric, value, unit, domain (the number of the domain that printed it,
-1 for the hypervisor) and whatever keys stood beside. Sources:

    BENCH <metric> <value> <unit> [key=value ...]     measuring guests, schedsim sets
    <table> <row> <name> <value>, with tabs           schedsim run --tsv
    the hypervisor's own lines                        OWN
"""
import re

BENCH = re.compile(r"^(?:\(d(?P<dom>\d+)\) (?:\[[0-9a-f]+\] )?)?BENCH (?P<metric>[\w./-]+) (?P<value>-?[\d.]+) "
                   r"(?P<unit>\S+)(?P<more>( [\w-]+=\S+)*)\s*$")
# The output of a manifest's domains follows the hypervisor's own mark.
GUEST = re.compile(r"^\(XEN\) (?:\[[^\]]*\] )?(?=\(d\d+\) )|^(?=\(d\d+\) )")
STAMP = re.compile(r"^\(XEN\) \[\s*([0-9a-f]{8,16})\] ?(.*)$")
SCRUB = re.compile(r"Scrubbed (\d+) pages on (\d+) CPUs in (\d+) ns, chunks of (\d+) pages")
SHARES = re.compile(r"Scrub shares: min (\d+) max (\d+) pages a CPU")
EXITS = re.compile(r"d(\d+) exits: (.*)")
END = re.compile(r"d(\d+) ([\w.+@-]+): (?:shut down|still up) after (\d+) ms")
CPU_TIME = re.compile(r"d?(\d*) ?([\w.+@-]+): ended with (\w+) after (\d+) ns, CPU time (\d+) ns")


# A summary's tables have a row for each domain, for example.
SUMMARY = re.compile(r"^(?P<table>[a-z]+)\t(?P<row>[^\t]*)\t(?P<name>[\w.]+)\t(?P<value>-?[\d.]+)$")
SKIP = re.compile(r"BENCH-SKIP ([\w.]+): (.*)")
# The metrics of the hypervisor's own lines; a name that ends with a dot has a suffix.
OWN = {"scrub.pages": "pages cleared at boot", "scrub.ns": "how long that took",
       "scrub.share.min": "the least of them on one CPU",
       "scrub.share.max": "the most of them on one CPU",
       "exits.": "a domain's exits by reason, told at its end", "life": "a domain's age at its end",
       "cpu.time": "CPU time a domain has had by its end"}


def skips(text):
    """[(benchmark, why it was not measured)] of a log."""
    return [match.groups() for match in map(SKIP.search, text.replace("\r", "").splitlines())
            if match]


def number(text):
    """An int where it is one, else a float."""
    return int(text) if re.fullmatch(r"-?\d+", text) else float(text)


def maybe_number(text):
    """A number where the text is one, else the text."""
    return number(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else text


def record(metric, value, unit, domain=-1, **more):
    """One record."""
    return {"metric": metric, "value": value, "unit": unit, "domain": domain, **more}


def bench(line):
    """The record of a BENCH line, or None."""
    found = BENCH.match(GUEST.sub("", line))
    if not found:
        return None
    more = dict(word.split("=", 1) for word in found["more"].split())
    return record(found["metric"], number(found["value"]), found["unit"], int(found["dom"] or 0),
                  **{key: maybe_number(value) for key, value in more.items()})


def summary(line):
    """The record of a line of the simulator's summary, or None."""
    found = SUMMARY.match(line)
    if not found:
        return None
    unit = "ns" if found["name"].endswith("_ns") else "count"
    return record(f"{found['table']}.{found['name']}", number(found["value"]), unit,
                  row=found["row"])


def own(text):
    """Records of a line of the hypervisor's."""
    found = SCRUB.search(text)
    if found:
        pages, cpus, ns, chunk = map(int, found.groups())
        yield record("scrub.pages", pages, "pages", cpus=cpus, chunk=chunk)
        yield record("scrub.ns", ns, "ns", cpus=cpus, chunk=chunk)
    found = SHARES.search(text)
    if found:
        yield record("scrub.share.min", int(found[1]), "pages")
        yield record("scrub.share.max", int(found[2]), "pages")
    found = EXITS.search(text)
    if found:
        for word in found[2].split():
            reason, _, count = word.partition("=")
            if count.isdecimal():
                yield record("exits." + reason, int(count), "exits", int(found[1]))
    found = END.search(text)
    if found:
        yield record("life", int(found[3]), "ms", int(found[1]), name=found[2])
    found = CPU_TIME.search(text)
    if found:
        yield record("cpu.time", int(found[5]), "ns", int(found[1] or -1), name=found[2],
                     life=int(found[4]))


def records(text):
    """All records of a log."""
    found = []
    for line in text.splitlines():
        line = line.rstrip("\r")
        measured = bench(line) or summary(line)
        if measured:
            found.append(measured)
        elif line.startswith("(XEN)"):
            found += own(line)
    return found


def stamped(text):
    """(ticks, words) of each stamped line of the hypervisor's, those before the clock left out."""
    found = []
    for line in text.splitlines():
        match = STAMP.match(line.rstrip("\r"))
        if match and int(match[1], 16):
            found.append((int(match[1], 16), match[2]))
    return found
