"""Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of one line a row; each cell is one line of Markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    # A bar would end the cell, even between backticks.
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)
