# SPDX-License-Identifier: GPL-2.0-or-later
"""Percentiles, and tables that can be printed for people or for programs."""
import dataclasses
import json

QUANTILES = [("p50", 50), ("p90", 90), ("p99", 99)]


def percentile(ordered, percent):
    """The nearest-rank percentile of a sorted list that is not empty: always one of its values."""
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(rank, 1) - 1]


def spread(values):
    """[p50, p90, p99, max] of values; None for each when there are none."""
    if not values:
        return [None] * 4
    ordered = sorted(values)
    return [percentile(ordered, percent) for _, percent in QUANTILES] + [ordered[-1]]


SPREAD_COLUMNS = [name for name, _ in QUANTILES] + ["max"]


@dataclasses.dataclass
class Table:
    """Rows under named columns. A cell is a string, a number or None (does not apply)."""

    name: str
    title: str
    columns: list
    rows: list

    def as_dict(self):
        """For JSON: each row a dictionary."""
        return {"title": self.title, "rows": [dict(zip(self.columns, row)) for row in self.rows]}


def _cell(value, none):
    if value is None:
        return none
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def to_text(tables, most=40):
    """Aligned columns; numbers to the right; at most so many rows of a table."""
    out = []
    for table in tables:
        cells = [[_cell(v, "-") for v in row] for row in table.rows[:most]]
        widths = [max(map(len, column)) for column in zip(table.columns, *cells)]
        right = [table.rows and all(not isinstance(row[i], str) for row in table.rows)
                 for i in range(len(table.columns))]
        out.append(f"{table.title}\n")
        for row in [table.columns] + cells:
            line = "  ".join(c.rjust(w) if r else c.ljust(w)
                             for c, w, r in zip(row, widths, right))
            out.append("  " + line.rstrip() + "\n")
        if not table.rows:
            out.append("  (none)\n")
        if len(table.rows) > most:
            out.append(f"  ({len(table.rows) - most} more: --tsv and --json have all)\n")
        out.append("\n")
    return "".join(out)


def to_tsv(tables):
    """One line a row: the table's name, then the cells; a line `#name columns...` before each."""
    out = []
    for table in tables:
        out.append("\t".join([f"#{table.name}", *table.columns]) + "\n")
        out += ["\t".join([table.name] + [_cell(v, "") for v in row]) + "\n"
                for row in table.rows]
    return "".join(out)


def to_json(tables):
    """One object, keyed by the tables' names."""
    return json.dumps({t.name: t.as_dict() for t in tables}, indent=1) + "\n"
