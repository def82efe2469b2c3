# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of a fuzzing campaign: for each target coverage and speed over the time spent on it."""
import html
import os

WIDTH, HEIGHT, LEFT, BOTTOM = 420, 150, 58, 22
# Columns that the page is made of.
NEEDED = {"seconds", "execs", "exec_per_s", "coverage", "inputs"}


class Damaged(Exception):
    """The history has a line that does not say what a turn brought."""


def read(root):
    """The history: {target: [row]}, each row a dictionary of numbers."""
    path = os.path.join(root, "history.tsv")
    targets = {}
    if not os.path.exists(path):
        return targets
    with open(path, encoding="utf-8", errors="replace") as file:
        names = file.readline().rstrip("\n").split("\t")
        for number, line in enumerate(file, 2):
            try:
                row = dict(zip(names, line.rstrip("\n").split("\t"), strict=True))
                target = row.pop("target")
                numbers = {k: float(v) for k, v in row.items()}
                if not NEEDED <= set(numbers):
                    raise KeyError(target)
            except (KeyError, ValueError):
                raise Damaged(f"{path}: line {number} is not a turn of a campaign; remove the line, "
                              "or the file to begin a new history") from None
            targets.setdefault(target, []).append(numbers)
    return targets


def curve(rows, key, unit):
    """An SVG of one quantity over the seconds that the target has run."""
    at, points = 0.0, [(0.0, 0.0)] if key == "coverage" else []
    for row in rows:
        at += row["seconds"]
        points.append((at, row[key]))
    end, top = max(at, 1.0), max([p[1] for p in points] + [1.0])
    wide, high = WIDTH - LEFT - 10, HEIGHT - BOTTOM - 14
    line = " ".join(f"{LEFT + x / end * wide:.1f},{14 + high - y / top * high:.1f}"
                    for x, y in points)
    return (f'<svg width="{WIDTH}" height="{HEIGHT}" role="img">'
            f'<text x="{LEFT}" y="11">{html.escape(unit)}</text>'
            f'<text x="{LEFT - 4}" y="24" text-anchor="end">{top:.0f}</text>'
            f'<text x="{LEFT - 4}" y="{14 + high}" text-anchor="end">0</text>'
            f'<path d="M{LEFT} 14V{14 + high}H{WIDTH - 10}" fill="none" stroke="#888"/>'
            f'<polyline points="{line}" fill="none" stroke="#06c" stroke-width="1.5"/>'
            f'<text x="{WIDTH - 10}" y="{HEIGHT - 6}" text-anchor="end">{end:.0f} s</text></svg>')


def crashes(root):
    """The buckets: (name, target, reason, place)."""
    folder = os.path.join(root, "crashes")
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name, "what"), encoding="utf-8") as file:
            target, reason, where = (file.read().splitlines() + [""] * 3)[:3]
        yield name, target, reason, where


def totals(rows):
    """Seconds, executions, coverage now, inputs now, executions a second over all turns."""
    seconds = sum(r["seconds"] for r in rows)
    execs = sum(r["execs"] for r in rows)
    return seconds, execs, rows[-1]["coverage"], rows[-1]["inputs"], execs / max(seconds, 1)


def write(root, controls):
    """Write report.html and report.tsv."""
    targets = read(root)
    lines = ["target\tseconds\texecs\texec_per_s\tcoverage\tinputs\tcrashes"]
    parts = []
    for target, rows in sorted(targets.items()):
        seconds, execs, coverage, inputs, speed = totals(rows)
        bad = sum(1 for c in crashes(root) if c[1] == target)
        lines.append(f"{target}\t{seconds:.0f}\t{execs:.0f}\t{speed:.0f}\t{coverage:.0f}\t"
                     f"{inputs:.0f}\t{bad}")
        parts.append(f"<h2>{html.escape(target)}</h2><p>{seconds:.0f} s, {execs:.0f} executions, "
                     f"{inputs:.0f} inputs, {bad} places that failed</p>"
                     + curve(rows, "coverage", "edges covered")
                     + curve(rows, "exec_per_s", "executions a second"))
    found = "".join(f"<tr><td>{html.escape(n)}</td><td>{html.escape(r)}</td><td>{html.escape(w)}</td>"
                    "</tr>" for n, _, r, w in crashes(root))
    page = ("<!doctype html><meta charset=utf-8><title>Fuzzing campaign</title>"
            "<style>body{font:14px sans-serif;margin:2em}svg text{font-size:10px}"
            "td{padding:2px 1em;border-top:1px solid #ccc}</style><h1>Fuzzing campaign</h1>"
            + (f"<h2>What failed</h2><table>{found}</table>" if found else
               "<p>Nothing has failed.</p>")
            + "<h2>Planted faults that were found first</h2><pre>"
            + html.escape("\n".join(controls) or "The controls were left out.") + "</pre>"
            + "".join(parts))
    for name, text in (("report.html", page), ("report.tsv", "\n".join(lines) + "\n")):
        with open(os.path.join(root, name + ".new"), "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(os.path.join(root, name + ".new"), os.path.join(root, name))
