"""Which parts of which files are generated.

A part stands between a line with `generated: <name>` and one with `end of generated`; the rest is written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from service.docs import events, routes, tables
from service.openapi import specimen

ROOT = Path(__file__).parents[2]
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
        return {
            "events": events.events(),
            "values": events.values(),
            "settings": tables.settings(),
            "environment": tables.environment(),
            "routes": routes.routes(app),
            "dialects": routes.dialects(app),
            "pages": routes.pages(app),
            "prometheus": tables.prometheus(),
            "problems": tables.problems(),
        }


def renewed(text: str, made: Mapping[str, str]) -> str:
    """A file's text with its generated parts put in place. Raises KeyError for a part that nobody makes."""
    return _PART.sub(lambda found: f"{found[1]}{made[found[2]]}{found[4]}", text)
