"""What a benchmark finds out, and how it is told."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Literal

from rich.console import Console
from rich.table import Table

Unit = Literal["rows/s", "events/s", "ms", "s", "MB"]


@dataclass(frozen=True)
class Figure:
    """One comparison.

    ours, theirs: medians, in `unit`. ratio: median over the rounds of our time divided by the peer's; below 1 we are
    the faster one. budget: the most that ratio may be, None where there is none. note: what was compared, and how.
    """

    name: str
    unit: Unit
    ours: float
    peer: str
    theirs: float
    ratio: float
    budget: float | None = None
    note: str = ""

    @property
    def held(self) -> bool | None:
        return None if self.budget is None else self.ratio <= self.budget


@dataclass(frozen=True)
class Report:
    """The figures of one benchmark, what was checked to be equal or complete while measuring, and what could not be
    measured, with the reason."""

    figures: list[Figure]
    checked: list[str]
    left_out: list[str] = field(default_factory=list)


def paired(rounds: int, ours: Callable[[int], float], theirs: Callable[[int], float]) -> list[tuple[float, float]]:
    """Seconds of both by round, taken in turns (A B A B) so that what else the machine does hits both alike.

    Each is called with the number of the round, from 0, and answers its seconds. The first of several rounds warms up
    and is left out.
    """
    return [(mine, other) for mine, other in in_turns(rounds, [ours, theirs])]


def in_turns(rounds: int, sides: Sequence[Callable[[int], float]]) -> list[tuple[float, ...]]:
    """The same for any number of sides: A B C A B C."""
    taken = [tuple(side(number) for side in sides) for number in range(rounds)]
    return taken[1:] or taken


def compare(
    name: str,
    peer: str,
    pairs: Sequence[tuple[float, float]],
    unit: Unit,
    amount: float = 1.0,
    budget: float | None = None,
    note: str = "",
) -> Figure:
    """A figure of paired rounds. amount: rows or events in a round, for rates."""
    ours, theirs = (median(_shown(pair[side], unit, amount) for pair in pairs) for side in (0, 1))
    return Figure(name, unit, ours, peer, theirs, median(mine / other for mine, other in pairs), budget, note)


def _shown(took: float, unit: Unit, amount: float) -> float:
    match unit:
        case "s" | "MB":
            return took
        case "ms":
            return took * 1000
        case _:
            return amount / took


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


def show(reports: Sequence[Report]) -> None:
    """Prints the table, then what was checked."""
    table = Table(title="Takehold beside plain peers (ratio: our time divided by the peer's)", title_justify="left")
    for column in ("figure", "ours", "peer", "the peer's", "ratio", "budget", ""):
        table.add_column(column, justify="left" if column in ("figure", "peer", "") else "right")
    for figure in (figure for report in reports for figure in report.figures):
        table.add_row(
            figure.name + (f"\n  {figure.note}" if figure.note else ""),
            _amount(figure.ours, figure.unit),
            figure.peer,
            _amount(figure.theirs, figure.unit),
            _ratio(figure.ratio),
            "" if figure.budget is None else f"<= {figure.budget:.3g}",
            {None: "", True: "held", False: "NOT HELD"}[figure.held],
        )
    console = Console(width=max(Console().width, 120))
    console.print(table)
    for check in (check for report in reports for check in report.checked):
        console.print(f"checked: {check}", highlight=False)
    for reason in (reason for report in reports for reason in report.left_out):
        console.print(f"left out: {reason}", highlight=False)


def save(reports: Sequence[Report], path: Path) -> None:
    """Writes everything as JSON."""
    figures = [asdict(figure) | {"held": figure.held} for report in reports for figure in report.figures]
    checked = [check for report in reports for check in report.checked]
    left_out = [reason for report in reports for reason in report.left_out]
    path.write_text(json.dumps({"figures": figures, "checked": checked, "left_out": left_out}, indent=2) + "\n")


def _amount(value: float, unit: Unit) -> str:
    return f"{value:,.{0 if value >= 100 else 2}f} {unit}"


def _ratio(ratio: float) -> str:
    # Three digits that mean something, for 0.00123 as for 123.
    digits = max(0, 2 - math.floor(math.log10(ratio))) if 0 < ratio < 100 else 0
    return f"{ratio:.{digits}f}"
