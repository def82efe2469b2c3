# SPDX-License-Identifier: GPL-2.0-or-later
"""The two forms of a report's parts: HTML and Markdown. Knows nothing of experiments."""
import base64
import html
import os

from lab import HERE


def number(value):
    """A number for people: thin spaces between thousands, no more digits than it deserves."""
    if isinstance(value, bool) or value is None:
        return "–" if value is None else ("yes" if value else "no")
    if isinstance(value, int):
        return f"{value:,}".replace(",", "\u202f")
    if isinstance(value, float):
        if value == int(value) and abs(value) >= 100:
            return number(int(value))
        digits = 1 if abs(value) >= 100 else 2 if abs(value) >= 1 else 3
        if abs(value) >= 100 and round(value, 1) == int(value):
            digits = 0
        return f"{value:,.{digits}f}".replace(",", "\u202f")
    return str(value)


def is_number(value):
    """Belongs on the right."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def escape(text):
    """Text for HTML."""
    return html.escape(str(text))


def table_html(columns, rows, note="", bad=()):
    """A table; a column stands on the right when it holds numbers. bad: rows to mark."""
    right = [any(is_number(row[i]) for row in rows) for i in range(len(columns))]

    def cells(tag, values):
        return "".join(f"<{tag}{' class=n' if right[i] else ''}>{escape(number(v))}</{tag}>"
                       for i, v in enumerate(values))

    body = "".join(f"<tr{' class=bad' if i in bad else ''}>{cells('td', row)}</tr>\n"
                   for i, row in enumerate(rows))
    tail = f"<p class=note>{escape(note)}</p>" if note else ""
    return (f"<div class=wide><table><thead><tr>{cells('th', columns)}</tr></thead>\n"
            f"<tbody>{body}</tbody></table></div>{tail}\n")


def table_md(columns, rows, note=""):
    """The same in Markdown."""
    right = [any(is_number(row[i]) for row in rows) for i in range(len(columns))]

    def line(values):
        return "| " + " | ".join(number(v).replace("|", "\\|") for v in values) + " |\n"

    rule = "|" + "|".join("---:" if r else "---" for r in right) + "|\n"
    return line(columns) + rule + "".join(line(r) for r in rows) + (f"\n{note}\n" if note else "")


def picture_html(path, caption=""):
    """A picture inside the page."""
    with open(path, "rb") as file:
        data = base64.b64encode(file.read()).decode()
    return (f'<figure><img alt="{escape(os.path.basename(path))}" '
            f'src="data:image/svg+xml;base64,{data}">'
            f"<figcaption>{escape(caption)}</figcaption></figure>\n")


def details(summary, inner):
    """What one opens to see."""
    return f"<details><summary>{escape(summary)}</summary>\n{inner}</details>\n"


def whole(title, body):
    """A page that needs nothing from anywhere."""
    with open(os.path.join(HERE, "report.css"), encoding="utf-8") as file:
        style = file.read()
    return ('<!doctype html>\n<html lang=en>\n<head><meta charset=utf-8>\n'
            '<meta name=viewport content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(title)}</title>\n<style>\n{style}</style></head>\n"
            f"<body><main>\n{body}</main></body></html>\n")
