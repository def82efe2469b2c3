# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the measuring microguest's lines, compares sides, prints and writes tables."""
import math
import random
import re
import statistics

LINE = re.compile(r"^(?:\([^)]*\) |\[[^]]*\] )*BENCH (\S+) (-?\d+(?:\.\d+)?) (\S+)((?: \S+=\S+)*)\s*$")
SKIP = re.compile(r"^(?:\([^)]*\) |\[[^]]*\] )*BENCH-SKIP (\S+): (.*)$")
RESAMPLES, SEED = 2000, 1


class FigureError(Exception):
    """The guest printed something that is not to be understood."""


def parse(lines):
    """({metric: {value, unit, key: value...}}, {name: why it was not measured})."""
    got, skips = {}, {}
    for line in lines:
        found = LINE.match(line)
        if found:
            metric, value, unit, more = found.groups()
            if metric in got:
                raise FigureError(f"{metric} was reported twice")
            got[metric] = {"value": float(value), "unit": unit,
                           **dict(word.split("=", 1) for word in more.split())}
            continue
        found = SKIP.match(line)
        if found:
            skips[found.group(1)] = found.group(2)
        elif re.search(r"\bBENCH (?!done)", line):
            raise FigureError(f"not a line of the form 'BENCH metric value unit': {line!r}")
    return got, skips


def interval(values, estimate):
    """95 % confidence interval of estimate(values) by resampling, the same for the same values."""
    chance = random.Random(SEED)
    found = sorted(estimate(chance.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return found[int(RESAMPLES * 0.025)], found[int(RESAMPLES * 0.975) - 1]


def median_interval(values):
    """95 % confidence interval of the median: ranks from the binomial distribution."""
    ordered, n = sorted(values), len(values)
    k, below = 0, 0.0
    while k < n // 2:
        below += math.comb(n, k) * 0.5 ** n
        if below > 0.025:
            break
        k += 1
    k = max(k - 1, 0)
    return ordered[k], ordered[n - 1 - k]


def _side(runs, metric, mode):
    entries = [r["figures"][metric] for r in runs if metric in r["figures"]]
    values = [e["value"] for e in entries]
    if not values:
        return None
    cell = {"value": values[0] if mode == "icount" else statistics.median(values),
            "values": values}
    if mode == "icount":
        cell["repeats"] = all(e == entries[0] for e in entries) and len(values) == len(runs)
    elif len(values) > 1:
        cell["interval"] = interval(values, statistics.median)
    return cell


def _ratio(mine, theirs, mode):
    if not theirs["value"]:
        return None
    ratio = {"value": mine["value"] / theirs["value"]}
    pairs = [(a, b) for a, b in zip(mine["values"], theirs["values"]) if b]
    if mode == "wall" and len(pairs) > 1:
        ratio["interval"] = interval(pairs, lambda some: statistics.median(
            a for a, _ in some) / statistics.median(b for _, b in some))
    return ratio


def compare(runs, names, mode):
    """A row for each metric: the sides' figures, and the first side's ratio to each other one."""
    by_side = {name: [r for r in runs if r["side"] == name] for name in names}
    metrics = list(dict.fromkeys(m for r in runs for m in r["figures"]))
    rows = []
    for metric in metrics:
        units = {r["figures"][metric]["unit"] for r in runs if metric in r["figures"]}
        if len(units) > 1:
            raise FigureError(f"{metric} comes in several units: {', '.join(sorted(units))}")
        sides = {n: _side(by_side[n], metric, mode) for n in names}
        sides = {n: cell for n, cell in sides.items() if cell}
        mine = sides.get(names[0])
        ratios = {n: _ratio(mine, cell, mode) for n, cell in sides.items()
                  if mine and n != names[0]}
        rows.append({"metric": metric, "unit": units.pop(), "sides": sides,
                     "ratios": {n: r for n, r in ratios.items() if r}})
    return rows


def number(value):
    """As few digits as say it."""
    return f"{value:.1f}".removesuffix(".0") if value < 100000 else f"{value:.0f}"


def _cell(cell):
    if cell is None:
        return "-"
    mark = "" if cell.get("repeats", True) else "~"
    return number(cell["value"]) + mark


def _ratio_cell(ratio):
    if ratio is None:
        return "-"
    text = f"{ratio['value']:.3f}"
    if "interval" in ratio:
        text += " [{:.2f} {:.2f}]".format(*ratio["interval"])
    return text


def print_table(rows, names, mode):
    """The screen's table. A ~ marks a figure that differed between runs."""
    width = 21 if mode == "wall" else 12
    head = f"{'':34}" + "".join(f"{n:>12}" for n in names)
    print(head + "".join(f"{'/ ' + n:>{width}}" for n in names[1:]) + "  unit")
    for row in rows:
        line = f"{row['metric']:34}" + "".join(f"{_cell(row['sides'].get(n)):>12}" for n in names)
        line += "".join(f"{_ratio_cell(row['ratios'].get(n)):>{width}}" for n in names[1:])
        print(f"{line}  {row['unit']}")


def write_tsv(path, rows, names):
    """The same for programs: one line a metric."""
    with open(path, "w", encoding="utf-8") as file:
        file.write("\t".join(["metric", "unit", *names, *(f"ratio to {n}" for n in names[1:])])
                   + "\n")
        for row in rows:
            cells = [number(row["sides"][n]["value"]) if n in row["sides"] else ""
                     for n in names]
            cells += [f"{row['ratios'][n]['value']:.4f}" if n in row["ratios"] else ""
                      for n in names[1:]]
            file.write("\t".join([row["metric"], row["unit"], *cells]) + "\n")
