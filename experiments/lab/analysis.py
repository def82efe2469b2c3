# SPDX-License-Identifier: GPL-2.0-or-later
"""From raw data to metrics.json, as often as one likes.

Each finished cell gives records (lab.console); a record carries the levels of its cell. Records that
differ only in their repetition become one metric: exact where every cell of it is and they agree,
else a median with its spread. The experiment's analyse.py may add records, and says which tables
and pictures the report shows:

    def analyse(data): ...      # returns lab.analysis.Findings
"""
import dataclasses
import importlib.util
import os
import sys
import traceback

from lab import EXPERIMENTS, REPO, console, errors, files, metrics, stats

# Keys of a record that measure, rather than tell what was measured.
MEASURES = {"value", "rounds", "mean", "min", "max", "p90", "p99", "cell", "exact", "repetition"}


@dataclasses.dataclass
class Findings:
    """What an experiment's analysis hands to the report.

    answer: a sentence; tables: of lab.analysis.Table; notes: sentences below; verdict: yes, no or
    open, by what the plan calls a no.
    """

    answer: str
    verdict: str = "open"
    tables: list = dataclasses.field(default_factory=list)
    notes: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Table:
    """Rows under columns; a cell is a string, a number or None."""

    title: str
    columns: list
    rows: list
    note: str = ""


def counted(number, word):
    """A number of things: 1 boot, 2 boots."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def same_metric(wanted, name):
    """Whether a metric is the wanted one; a wanted one that ends with a dot is a prefix."""
    return name.startswith(wanted) if wanted.endswith(".") else name == wanted


class Data:
    """The records of a run, and ways to ask for them."""

    def __init__(self, run):
        self.run = run
        self.records = []
        self.cells = []
        self.possible = run.plan.all_levels()
        for cell in run.cells:
            outcome = run.outcome(cell.index)
            if outcome and outcome["status"] == "ok":
                self.cells.append(cell)
        for cell in self.cells:
            for found in console.records(self.text(cell)):
                self.add(cell, found)

    def skipped(self):
        """[[benchmark, why, levels]] of what guests could not measure."""
        rows = {}
        for cell in self.cells:
            for name, why in console.skips(self.text(cell)):
                rows.setdefault((name, why), []).append(cell.label())
        return [[name, why, "; ".join(labels)] for (name, why), labels in rows.items()]

    def text(self, cell):
        """A cell's console."""
        return self.run.console(cell.index).decode("utf-8", "replace")

    def add(self, cell, record):
        """One more record of a cell, made with lab.console.record()."""
        self.records.append({**cell.factors, **record, "cell": cell.index, "exact": cell.exact,
                             "repetition": cell.repetition})

    def levels(self, factor):
        """A factor's levels, in the plan's order, that have data."""
        if factor not in self.run.plan.factors():
            raise errors.LabError(errors.unknown("factor", factor, self.run.plan.factors()))
        have = {cell.factors.get(factor) for cell in self.cells}
        return [level for level in self.run.plan.factors().get(factor, []) if level in have]

    def check(self, metric, where):
        """Raise LabError for a name that no boot of any variant could have given."""
        for key, value in where.items():
            known = {k for record in self.records for k in record} | set(self.possible)
            if key not in known:
                raise errors.LabError(errors.unknown("key of records", key, sorted(known)))
            if key in self.possible and value not in self.possible[key]:
                raise errors.LabError(errors.unknown(f"level of {key}", value, self.possible[key]))
        reported = list(dict.fromkeys(record["metric"] for record in self.records))
        # What a failed boot would have reported is not known.
        if metric and not self.run.failed() and not any(
                same_metric(metric, name) for name in reported) and not metrics.produces(metric):
            raise errors.LabError(errors.unknown("metric", metric, [*metrics.names(), *reported],
                                                 "lab.py metrics"))

    def select(self, metric=None, **where):
        """Records of a metric (a name, or a prefix that ends with a dot) with these values; a
        LabError for a metric, key or level that does not exist."""
        self.check(metric, where)
        return [record for record in self.records
                if (not metric or same_metric(metric, record["metric"])) and
                all(record.get(key) == value for key, value in where.items())]

    def value(self, metric, **where):
        """The median of the metric's values there, or None."""
        found = [record["value"] for record in self.select(metric, **where)]
        return stats.median(found) if found else None

    def over_arrangements(self, metric, key="value", **where):
        """{least, half, most, n} of a figure over the boots there, one for each arrangement of
        guests: exact quantiles, as each boot is exact. None where there is no such boot."""
        values = [record[key] for record in self.select(metric, **where)]
        if not values:
            return None
        return {"least": min(values), "half": stats.quantile(values, 0.5), "most": max(values),
                "n": len(values)}

    def beside(self, names, **where):
        """[what, Xenolith's value, Xen's, their ratio] for {metric: what}, where we have one."""
        rows = []
        for metric, what in names.items():
            ours, theirs = (self.value(metric, hypervisor=h, **where)
                            for h in ("xenolith", "xen-4.17"))
            if ours is not None:
                rows.append([what, ours, theirs, ours / theirs if theirs else None])
        return rows

    def metrics(self, **where):
        """The names of all metrics, in the order in which they came."""
        return list(dict.fromkeys(record["metric"] for record in self.select(**where)))


def summarise(records):
    """One metric of each group of records that differ in nothing but their repetition."""
    groups = {}
    for record in records:
        key = tuple((k, v) for k, v in record.items() if k not in MEASURES)
        groups.setdefault(key, []).append(record)
    found = []
    for key, group in groups.items():
        values = [record["value"] for record in group]
        metric = dict(key)
        exact = all(record["exact"] for record in group) and len(set(values)) == 1
        metric |= {"value": stats.median(values), "exact": exact, "n": len(values)}
        if not exact:
            low, high = stats.interval(values)
            metric |= {"min": min(values), "max": max(values), "low": low, "high": high}
        elif len(group) == 1:
            metric |= {k: v for k, v in group[0].items() if k in ("mean", "min", "max", "p90",
                                                                  "p99", "rounds")}
        found.append(metric)
    return found


def code_folder(run):
    """The folder of the experiment's analysis and plots."""
    return os.path.join(REPO, run.manifest["folder"])


def load_analysis(run, folder=None):
    """The experiment's analyse(), or None when there is no analyse.py."""
    path = os.path.join(folder or code_folder(run), "analyse.py")
    if not os.path.isfile(path):
        raise errors.LabError(f"there is no {path}; an experiment has one")
    if EXPERIMENTS not in sys.path:
        sys.path.insert(0, EXPERIMENTS)
    spec = importlib.util.spec_from_file_location("analyse_" + run.name.replace("-", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not hasattr(module, "analyse"):
        raise errors.LabError(f"{path}: there is no function analyse(data)")
    return module.analyse


def analyse(run, folder=None):
    """Read raw data, run the experiment's analysis, write metrics.json and the pictures' data."""
    data = Data(run)
    if not data.cells:
        raise errors.LabError(f"{run.shown()}: no cell has finished well; nothing to analyse")
    function = load_analysis(run, folder)
    try:
        findings = function(data)
    except Exception as err:    # pylint: disable=broad-exception-caught
        last = traceback.extract_tb(err.__traceback__)[-1]
        raise errors.LabError(f"{files.shown(last.filename)}:{last.lineno}: {type(err).__name__}: "
                              f"{err} (with {len(data.cells)} of {len(run.cells)} boots)") from err
    files.write_json(os.path.join(run.path, "metrics.json"), {
        "experiment": run.name, "id": run.manifest["id"],
        "cells": {"all": len(run.cells), "ok": len(data.cells),
                  "failed": [cell.index for cell, _ in run.failed()],
                  "exact": sum(cell.exact for cell in data.cells)},
        "findings": dataclasses.asdict(findings), "metrics": summarise(data.records)})
    return data, findings


def write_data(run, name, columns, rows):
    """A picture's data: pictures/NAME.tsv, with "-" for what is not there; no rows, no picture."""
    path = os.path.join(run.path, "pictures", name + ".tsv")
    if not rows:
        if os.path.exists(path):
            os.unlink(path)
        return
    def text(value):
        return "-" if value is None else str(value)
    lines = ["\t".join(columns)] + ["\t".join(text(v) for v in row) for row in rows]
    files.write(path, "\n".join(lines) + "\n")
