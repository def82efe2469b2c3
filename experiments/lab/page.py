# SPDX-License-Identifier: GPL-2.0-or-later
"""The two forms of a report's parts: HTML and Markdown. Knows nothing of experiments."""
import base64
import html
import os

from lab import HERE


def is_number(value):
    """Belongs on the right."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def digits(values):
    """Digits after the point that all numbers of a column get, by the largest of them."""
    if all(value == int(value) for value in values):
        return 0
    most = max(map(abs, values))
    return 0 if most >= 1000 else 1 if most >= 100 else 2 if most > 1 else 3


def number(value, places):
    """A number for people: thin spaces between thousands."""
    text = f"{value:,.{places}f}".replace(",", "\u202f")
    return text.lstrip("-") if not text.strip("-0.") else text


def column(values):
    """The cells of a column as text, all its numbers in one format."""
    numbers = [value for value in values if is_number(value)]
    places = digits(numbers) if numbers else 0

    def text(value):
        if is_number(value):
            return number(value, places)
        return "–" if value is None else {True: "yes", False: "no"}.get(value, str(value))
    return [text(value) for value in values]


def columns_of(rows, count):
    """(rows as text, whether each column is aligned to the right)."""
    right = [any(is_number(row[i]) for row in rows) for i in range(count)]
    return list(zip(*(column([row[i] for row in rows]) for i in range(count)))), right


def escape(text):
    """Text for HTML."""
    return html.escape(str(text))


def table_html(columns, rows, note="", bad=()):
    """A table; a column that holds numbers is aligned to the right. bad: rows to mark."""
    texts, right = columns_of(rows, len(columns))

    def cells(tag, values):
        return "".join(f"<{tag}{' class=n' if right[i] else ''}>{escape(v)}</{tag}>"
                       for i, v in enumerate(values))

    body = "".join(f"<tr{' class=bad' if i in bad else ''}>{cells('td', row)}</tr>\n"
                   for i, row in enumerate(texts))
    tail = f"<p class=note>{escape(note)}</p>" if note else ""
    return (f"<div class=wide><table><thead><tr>{cells('th', columns)}</tr></thead>\n"
            f"<tbody>{body}</tbody></table></div>{tail}\n")


def table_md(columns, rows, note=""):
    """The same in Markdown."""
    texts, right = columns_of(rows, len(columns))

    def line(values):
        return "| " + " | ".join(v.replace("|", "\\|") for v in values) + " |\n"

    rule = "|" + "|".join("---:" if r else "---" for r in right) + "|\n"
    return line(columns) + rule + "".join(line(r) for r in texts) + (f"\n{note}\n" if note else "")


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
