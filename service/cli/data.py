"""Commands that show figures and make a demo."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from adkar.change import Change
from service.cli.run import run_together
from service.cli.shared import HOST, PORT, opened, progress_bar, reached_at
from service.commands.changes import change_by_id
from service.demo.build import build
from service.queries.adoption import ChangeUsage
from service.queries.summary import RoleSummary, summaries
from service.queries.usage import last_reported
from service.queries.view import View, view
from service.readmodels.changes import change_ids
from service.takehold import Takehold
from service.web.signin import sign_in_link
from service.worker.follow import follow

_WIDTH = 110
_DEMO_FILE = Path("takehold-demo.db")


@click.command()
@click.option("--workspace", default="default", show_default=True)
@click.option("--change", "only", help="One change; default all.")
@click.option("--on", metavar="DAY", help="As of the end of this day; default the last day that sources reported.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def report(workspace: str, only: str | None, on: str | None, as_json: bool) -> None:
    """Print adoption per role: eligible, adopted, rate with bounds, barrier, last reminder."""
    day = _day(on) if on else None
    with opened() as takehold:
        answers = [answer for answer in _report(takehold, workspace, day) if only is None or answer["change"] == only]
    if as_json:
        click.echo(json.dumps(answers, default=str))
        return
    if not answers:
        raise click.ClickException("There is no such change." if only else "There is no change yet.")
    for answer in answers:
        _print(answer)


@click.command()
@click.option("--people", default=1200, show_default=True, type=click.IntRange(60, 20_000))
@click.option("--serve", is_flag=True, help="Then run web and worker, and print a sign-in link.")
@HOST
@PORT
def demo(people: int, serve: bool, host: str, port: int) -> None:
    """Make a demo organisation, by default in takehold-demo.db, which is made anew on another day."""
    if "TAKEHOLD_DATABASE_URL" not in os.environ:
        os.environ["TAKEHOLD_DATABASE_URL"] = f"sqlite:///{_DEMO_FILE}"
        _forget_another_days()
    reached_at(host, port)
    with opened() as takehold:
        if takehold.workspaces():
            click.echo("This database holds data already; nothing was added.")
        else:
            with progress_bar() as told:
                build(takehold, told, people)
        for answer in _report(takehold, "default", None):
            _print(answer)
        click.echo(f"\nPage:     {takehold.settings.public_url}/")
        click.echo(f"Sign in:  {sign_in_link(takehold, 'default', 'admin')}\n")
        if serve:
            run_together(takehold, host, port)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("a day such as 2026-03-01", param_hint="--on") from None


def _report(takehold: Takehold, workspace_id: str, on: date | None) -> list[dict[str, Any]]:
    follow(takehold, takehold.workspace(workspace_id))
    with takehold.database.read() as connection:
        now = view(connection, takehold.workspace(workspace_id))
        found = [change_by_id(connection, workspace_id, id) for id in change_ids(connection, workspace_id)]
        return [_answer(now, change, on) for change in found if change]


def _answer(now: View, change: Change, on: date | None) -> dict[str, Any]:
    day = min(on or last_reported(now, change) or now.yesterday, now.yesterday)
    then = replace(now, today=day + timedelta(days=1))
    usage = ChangeUsage(then, change)
    definition = change.definition(None)
    return {
        "change": change.key,
        "name": change.terms.name,
        "on": day,
        "yesterday": now.yesterday,
        "definition": f"used on {definition.min_days} of {definition.window_days} days",
        "grain": usage.seen(definition).grain,
        "roles": [_role(summary) for summary in summaries(then, change, usage)],
    }


def _role(summary: RoleSummary) -> dict[str, Any]:
    point, group = summary.latest.point, summary.profile.by_source["self"]
    figures = ("eligible", "active", "adopted", "rate", "low", "high", "status")
    return {
        "role": summary.role.name,
        **{name: getattr(point, name) for name in figures},
        "plan": summary.latest.plan,
        "barrier": group.barrier,
        "alert": summary.alert,
        "last_reminder": summary.last_reminder,
    }


def _print(answer: dict[str, Any]) -> None:
    title = f"{answer['name']}: {answer['definition']}, to the end of {answer['on']}"
    if answer["on"] < answer["yesterday"]:
        title += ", the last day sources reported on"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    for name in ("role", "eligible", "adopted", "rate", "bounds", "plan", "barrier", "reminded"):
        table.add_column(name, justify="left" if name in ("role", "barrier", "reminded") else "right", no_wrap=True)
    for role in answer["roles"]:
        bounds = "" if role["low"] is None else f"{role['low']:.0%}-{role['high']:.0%}"
        table.add_row(
            role["role"],
            *(_number(role[name]) for name in ("eligible", "adopted")),
            _rate(role["rate"]) or {"unknown": "unknown", "suppressed": "too few"}.get(role["status"], ""),
            bounds,
            _rate(role["plan"]),
            role["barrier"] or "",
            f"{role['last_reminder']:%Y-%m-%d}" if role["last_reminder"] else "",
        )
    # Output that is no terminal would else be cut to 80 columns.
    Console(width=max(Console().width, _WIDTH)).print(table)
    if answer["grain"] == "week":
        click.echo("Sources report by week: days inside a week are not exact.")


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _rate(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _forget_another_days() -> None:
    """The demo ends yesterday; one of another day would only show silence."""
    if not _DEMO_FILE.exists():
        return
    made = datetime.fromtimestamp(_DEMO_FILE.stat().st_ctime, UTC).date()
    if made != datetime.now(UTC).date():
        for file in Path.cwd().glob(f"{_DEMO_FILE.stem}*.db*"):
            file.unlink()
