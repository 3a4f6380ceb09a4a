"""The generated parts of docs/ and .env.example: `python -m service.docs` writes them anew from the code.

A part stands between a line with `generated: <name>` and one with `end of generated`; what is outside is written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import wrap

from flask import Flask
from prometheus_client.metrics import MetricWrapperBase

from service import metrics
from service.event_docs import events_part
from service.openapi import VARIABLE, actions, roles_of, specimen
from service.problems import PROBLEMS
from service.settings import Settings

ROOT = Path(__file__).parents[1]
FILES = (
    "docs/events.md",
    "docs/settings.md",
    "docs/routes.md",
    "docs/metrics.md",
    "docs/problems.md",
    ".env.example",
)
_PART = re.compile(r"(^[^\n]*generated: (\w+)[^\n]*\n)(.*?)(^[^\n]*end of generated)", re.DOTALL | re.MULTILINE)


def parts() -> dict[str, str]:
    """Every generated part by name, as it should read now; each ends with a line break."""
    with specimen() as app:
        routes = {"routes": _routes(app), "pages": _pages(app)}
    others: Mapping[str, Callable[[], str]] = {
        "events": events_part,
        "settings": _settings,
        "environment": _environment,
        "prometheus": _prometheus,
        "problems": _problems,
    }
    return routes | {name: make() for name, make in others.items()}


def renewed(text: str, made: Mapping[str, str]) -> str:
    """A file's text with the generated parts put in place. Raises KeyError for a part that nobody makes."""
    return _PART.sub(lambda found: f"{found[1]}{made[found[2]]}{found[4]}", text)


def table(header: str, rows: list[tuple[str, ...]]) -> str:
    """A Markdown table; `header` names its columns, separated by bars."""
    columns = [name.strip() for name in header.split("|")]
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '\\|') for cell in line)} |\n" for line in lines)


def _settings() -> str:
    rows = []
    for name, field in Settings.model_fields.items():
        variable = f"TAKEHOLD_{name.upper()}"
        default = "" if field.default is None else f"`{field.default}`"
        rows.append((f"`{variable}`", f"`{variable}_FILE`", default, field.description or ""))
    return table("variable | or the file it is in | default | what it does", rows)


def _environment() -> str:
    lines = []
    for name, field in Settings.model_fields.items():
        lines += [f"# {line}" for line in wrap(field.description or "", 118)]
        lines += [f"# TAKEHOLD_{name.upper()}={'' if field.default is None else field.default}", ""]
    return "\n".join(lines) + "\n"


def _routes(app: Flask) -> str:
    done = {(method, path): _what(app, method, path) for path, method, _ in actions(app)}
    rows = [
        (method.upper(), f"`{path}`", done[method, path], f"`{action}`", ", ".join(roles_of(action)))
        for path, method, action in actions(app)
    ]
    return table("method | path | what it does | action | roles that may", rows)


def _pages(app: Flask) -> str:
    rows = []
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/api/"):
            path = VARIABLE.sub(r"{\1}", rule.rule)
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                rows.append((method, f"`{path}`", _what(app, method, path)))
    return table("method | path | what it does", rows)


def _prometheus() -> str:
    rows = []
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            # What describe() answers has no labels, and the library shows them nowhere else.
            labels = ", ".join(f"`{label}`" for label in metric._labelnames)
            for told in metric.describe():
                name = f"{told.name}_total" if told.type == "counter" else told.name
                rows.append((f"`{name}`", told.type, labels, told.documentation))
    return table("metric | kind | labels | what it counts", rows)


def _problems() -> str:
    told = []
    for code, kind in PROBLEMS.items():
        statuses = " or ".join(str(status) for status in kind.statuses)
        told.append(f"### {code}\n\n{statuses}. {kind.meaning}\n")
    return "\n".join(told)


def main() -> None:
    """Writes the generated parts of every file."""
    made = parts()
    for name in FILES:
        path = ROOT / name
        path.write_text(renewed(path.read_text(encoding="utf-8"), made), encoding="utf-8")


if __name__ == "__main__":
    main()
