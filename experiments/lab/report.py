# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes report.html and report.md of a run, and one page over several runs."""
import os
import shlex

from lab import analysis, files, page, pictures, progress

VERDICTS = {"yes": "Yes", "no": "No", "open": "Not answered"}


def things(run):
    """What the cells of a run are."""
    kinds = {"simulation" in cell.config for cell in run.cells}
    return "simulations" if kinds == {True} else "cells" if True in kinds else "boots"


def exactness(run, ok):
    """A sentence on what is exact and what has spread."""
    simulated = sum("simulation" in cell.config for cell in ok)
    exact = sum(cell.exact for cell in ok) - simulated
    spread = len(ok) - exact - simulated
    words = []
    if simulated:
        words.append(f"{simulated} of {len(ok)} {things(run)} ran the hypervisor's scheduler on a "
                     "simulated machine, in virtual time: their figures are exact, and the same "
                     "inputs give them again, digit for digit.")
    if exact:
        words.append(f"{exact} of {len(ok)} {things(run)} ran with a clock that counts instructions: their "
                     "figures are exact, and the same inputs give them again, digit for digit.")
    loose = [cell for cell in ok if not cell.exact]
    if any(cell.config["clock"] == "wall" for cell in loose):
        words.append(f"{spread} boots ran on the wall's clock: figures are medians, with a 95% "
                     "interval of the median and the range beside them.")
    elif loose:
        words.append(f"{spread} boots counted instructions on several CPUs in an emulator that forks "
                     "between outcomes then (docs/emulators.md): their figures may differ a little from "
                     "run to run.")
    if run.failed():
        words.append(f"{len(run.failed())} {things(run)} failed and are in no figure.")
    return " ".join(words)


def chips(run, ok):
    """Short facts about the run."""
    manifest = run.manifest
    words = [f"{len(ok)} of {len(run.cells)} {things(run)}", f"id {manifest['id']}",
             f"commit {manifest['commit'][:12]}{' + changes' if manifest['dirty'] else ''}"]
    words += [e["version"].replace("emulator version ", "") for e in manifest["emulators"].values()]
    words += [f"-cpu {cpu}" for cpu in sorted({c.config["cpu"] for c in run.cells
                                                if "cpu" in c.config})]
    if manifest["variant"]:
        words.insert(0, f"variant {manifest['variant']}")
    return words


def cell_rows(run):
    """(rows about all cells, numbers of those that went wrong)."""
    rows, bad = [], []
    for cell in run.cells:
        outcome = run.outcome(cell.index) or {"status": "missing", "seconds": None, "why": "",
                                              "console_digest": ""}
        if outcome["status"] != "ok":
            bad.append(len(rows))
        rows.append([cell.index, cell.label(), outcome["status"], outcome["seconds"],
                     "exact" if cell.exact else "spread", outcome["console_digest"][:12],
                     outcome["why"]])
    return rows, bad


SKIPPED_COLUMNS = ["benchmark", "why", "where"]
CELL_COLUMNS = ["cell", "levels", "status", "host's s", "figures", "log's digest", "why"]


def input_rows(run):
    """What was booted."""
    return [[name, what["file"], what["bytes"], what["sha256"][:16]]
            for name, what in run.manifest["inputs"].items()]


def spread_rows(summary):
    """Metrics with spread, the widest first."""
    loose = [m for m in summary if not m["exact"] and m["n"] > 1 and m["value"]]
    loose.sort(key=lambda m: (m["min"] - m["max"]) / abs(m["value"]))
    skip = {"metric", "value", "unit", "exact", "n", "min", "max", "low", "high", "domain"}
    return [[m["metric"], " ".join(f"{k}={v}" for k, v in m.items() if k not in skip), m["value"],
             m["low"], m["high"], m["min"], m["max"], m["n"], m["unit"]] for m in loose]


SPREAD_COLUMNS = ["metric", "where", "median", "95% from", "to", "least", "most", "n", "unit"]


def again(run):
    """The command that makes the run again."""
    variant = f" --variant {run.manifest['variant']}" if run.manifest["variant"] else ""
    return f"experiments/lab.py run {run.name}{variant}"


def section_html(run, data, findings, drawn, top=True):
    """A run's part of a page."""
    plan, metrics = run.plan, analysis.summarise(data.records)
    head = "h1" if top else "h2"
    out = [f"<header><{head} id={run.name}>{page.escape(plan.get('title'))}</{head}>"
           f"<p class=question>{page.escape(plan.get('question'))}</p></header>\n",
           f"<div class='answer {findings.verdict}'><b>{VERDICTS[findings.verdict]}</b>"
           f"{page.escape(findings.answer)}</div>\n",
           f"<p class=note>The answer is no if there is: {page.escape(plan.get('no'))}</p>\n"]
    for name in drawn:
        out.append(page.picture_html(os.path.join(run.path, "pictures", name + ".svg")))
    for table in findings.tables:
        out.append(f"<h3>{page.escape(table.title)}</h3>\n")
        out.append(page.table_html(table.columns, table.rows, table.note))
    out += [f"<p>{page.escape(note)}</p>\n" for note in findings.notes]
    if data.skipped():
        out.append("<h3>Not measured</h3>\n" + page.table_html(SKIPPED_COLUMNS, data.skipped()))
    out.append("<h3>How sure this is</h3>\n")
    out.append(f"<p>{page.escape(exactness(run, data.cells))}</p>\n")
    spread = spread_rows(metrics)
    if spread:
        out.append(page.details(f"{len(spread)} figures with spread",
                                page.table_html(SPREAD_COLUMNS, spread)))
    out.append("<ul class=chips>" + "".join(f"<li>{page.escape(c)}</li>"
                                            for c in chips(run, data.cells)) + "</ul>\n")
    rows, bad = cell_rows(run)
    out.append(page.details(f"{len(rows)} {things(run)}, one by one",
                            page.table_html(CELL_COLUMNS, rows, bad=bad)))
    out.append(page.details("What ran, and with which command", page.table_html(
        ["image", "file", "bytes", "sha256"], input_rows(run)) + "".join(
            f"<pre>{page.escape(shlex.join(o['command']))}</pre>" for o in commands(run)[:2])))
    out.append(f"<p class=note>Again: <code>{page.escape(again(run))}</code> · raw data, metrics "
               f"and manifest: <code>{page.escape(os.path.basename(run.path))}/</code></p>\n")
    return "".join(out)


def commands(run):
    """Outcomes, the first of each hypervisor first."""
    seen, first = set(), []
    for cell in run.cells:
        outcome = run.outcome(cell.index)
        if outcome and cell.config["hypervisor"] not in seen:
            seen.add(cell.config["hypervisor"])
            first.append(outcome)
    return first


def markdown(run, data, findings, drawn):
    """report.md: the same for reading in a terminal or on a forge."""
    plan = run.plan
    out = [f"# {plan.get('title')}\n\n{plan.get('question')}\n\n"
           f"**{VERDICTS[findings.verdict]}.** {findings.answer}\n\n"
           f"The answer is no if there is: {plan.get('no')}\n"]
    out += [f"\n![{name}](pictures/{name}.png)\n" for name in drawn]
    for table in findings.tables:
        out.append(f"\n## {table.title}\n\n" + page.table_md(table.columns, table.rows, table.note))
    out += [f"\n{note}\n" for note in findings.notes]
    if data.skipped():
        out.append("\n## Not measured\n\n" + page.table_md(SKIPPED_COLUMNS, data.skipped()))
    out.append(f"\n## How sure this is\n\n{exactness(run, data.cells)}\n\n")
    out += [f"* {chip}\n" for chip in chips(run, data.cells)]
    rows, _ = cell_rows(run)
    out.append(f"\n## {things(run).capitalize()}\n\n" + page.table_md(CELL_COLUMNS, rows))
    out.append("\n## What ran\n\n" + page.table_md(["image", "file", "bytes", "sha256"],
                                                           input_rows(run)))
    out.append(f"\nAgain: `{again(run)}`\n")
    return "".join(out)


def write(run, folder=None):
    """Analyse, draw and write a run's report; returns the part for a common page."""
    data, findings = analysis.analyse(run, folder)
    drawn = pictures.draw(run, folder)
    title = run.plan.get("title")
    files.write(os.path.join(run.path, "report.html"),
                page.whole(title, section_html(run, data, findings, drawn)))
    files.write(os.path.join(run.path, "report.md"), markdown(run, data, findings, drawn))
    return section_html(run, data, findings, drawn, top=False), findings


def together(runs, path, title):
    """One page over several runs, with the answers first."""
    parts, answers = [], []
    seconds = 0.0
    for run in runs:
        part, findings = write(run)
        parts.append(f"<article>\n{part}</article>\n")
        answers.append(f"<li><a href='#{run.name}'>{page.escape(run.plan.get('title'))}</a>: "
                       f"<b>{VERDICTS[findings.verdict]}.</b> {page.escape(findings.answer)}</li>\n")
        seconds += sum(o["seconds"] for o in map(run.outcome, range(len(run.cells))) if o)
    boots = sum(len(run.cells) for run in runs)
    head = (f"<header><h1>{page.escape(title)}</h1><p class=question>{len(runs)} experiments, "
            f"{boots} boots, {progress.duration(seconds)} of emulation.</p></header>\n"
            f"<nav><ol>{''.join(answers)}</ol></nav>\n")
    files.write(path, page.whole(title, head + "".join(parts)))
