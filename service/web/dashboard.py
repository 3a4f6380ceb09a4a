"""Fills the first page from queries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Row, select

from adkar.change import Change
from adkar.elements import ELEMENTS
from adkar.group import GroupProfile
from events.sealed import Sealed
from service.access import Principal
from service.messages import words
from service.queries.adoption import ChangeUsage, Day
from service.queries.summary import RoleSummary, summaries
from service.queries.view import View
from service.readmodels.reminders import reminders_of
from service.takehold import Takehold
from service.web import render
from service.worker.tables import MAILBOX

_LONGEST = 182
_REMINDERS = 12
_MAILS = 8
_WEEK_NOTE = "Some sources report by week; days inside a week are not exact."


def dashboard(
    takehold: Takehold, view: View, changes: Sequence[Change], chosen: Change | None, who: Principal
) -> render.Dashboard:
    """What the first page shows of a change to somebody; of a workspace without a change, how to begin."""
    usage = ChangeUsage(view, chosen) if chosen else None
    reminders = reminders_of(view.connection, view.workspace.id, chosen.id) if chosen else []
    # What the API would refuse this reader, the page does not show either.
    if not who.may("reminders:read"):
        reminders = []
    elif not who.may("personal:read"):
        reminders = [row for row in reminders if row.audience != "person"]
    definition = chosen.definition(None) if chosen else None
    weekly = usage is not None and definition is not None and usage.seen(definition).grain == "week"
    return render.Dashboard(
        change=_change(chosen) if chosen else None,
        changes=[(change.key, change.terms.name) for change in changes],
        zone=view.workspace.zone.key,
        as_of=view.yesterday,
        figures=_figures(view, usage, reminders) if usage else None,
        roles=_roles(view, usage) if usage else [],
        grain_note=_WEEK_NOTE if weekly else None,
        reminders=_reminders(chosen, reminders, who) if chosen else [],
        mailbox=_mailbox(takehold, view, who),
        public_url=takehold.settings.public_url,
    )


def _change(change: Change) -> render.Change:
    terms, definition = change.terms, change.definition(None)
    counted = f"used on at least {definition.min_days} of {definition.window_days} days"
    return render.Change(change.key, terms.name, terms.go_live, terms.target_rate, terms.target_by, counted)


def _figures(view: View, usage: ChangeUsage, reminders: Sequence[Row[*tuple[Any, ...]]]) -> render.Figures:
    latest = usage.days(None, [view.yesterday.toordinal()])[0]
    since = datetime.now(UTC) - timedelta(days=7)
    recent = [row.state for row in reminders if row.raised_at >= since]
    point = latest.point
    return render.Figures(
        eligible=point.eligible,
        rate=point.rate,
        low=point.low,
        high=point.high,
        plan=latest.plan,
        status=point.status,
        sent=sum(state in ("sent", "acknowledged") for state in recent),
        dropped=recent.count("dropped"),
    )


def _roles(view: View, usage: ChangeUsage) -> list[render.Role]:
    last = view.yesterday.toordinal()
    first = max(usage.change.terms.go_live.toordinal(), last - _LONGEST + 1)
    days = list(range(min(first, last), last + 1))
    return [_role(one, usage.days(one.role, days)) for one in summaries(view, usage.change, usage)]


def _role(summary: RoleSummary, days: Sequence[Day]) -> render.Role:
    point, group = summary.latest.point, summary.profile.by_source["self"]
    series = render.Series(
        days=[date.fromordinal(day.point.day) for day in days],
        rate=[day.point.rate for day in days],
        low=[day.point.low for day in days],
        high=[day.point.high for day in days],
        plan=[day.plan for day in days],
        status=[day.point.status for day in days],
    )
    return render.Role(
        key=summary.role.key,
        name=summary.role.name,
        eligible=point.eligible,
        adopted=point.adopted,
        rate=point.rate,
        low=point.low,
        high=point.high,
        plan=summary.latest.plan,
        status=point.status,
        alert=summary.alert,
        series=series,
        adkar=_adkar(group),
        last_reminder=summary.last_reminder,
    )


def _adkar(group: GroupProfile) -> render.Adkar:
    if group.suppressed or group.n is None or group.means is None or group.barriers is None:
        return render.Adkar(suppressed=True)
    means = {element: group.means[element].value if element in group.means else None for element in ELEMENTS}
    share = {element: number / group.n for element, number in group.barriers.items()}
    return render.Adkar(False, group.n, group.response_rate, means, share, group.barrier)


def _reminders(change: Change, rows: Sequence[Row[*tuple[Any, ...]]], who: Principal) -> list[render.Reminder]:
    """Newest first; those to single people as one line a day, role and state, with their number."""
    names = {role.id: role.name for role in change.roles.values()}
    lines: dict[tuple[object, ...], list[Row[*tuple[Any, ...]]]] = {}
    for row in rows:
        if row.audience != "person":
            lines[row.reminder_id,] = [row]
        elif who.may("personal:read"):
            together = (row.raised_at.date(), row.role_id, row.rule, row.state, row.reason)
            lines.setdefault(together, []).append(row)
    return [
        render.Reminder(
            raised_at=rows[0].raised_at,
            role=names.get(rows[0].role_id, ""),
            rule=rows[0].rule,
            audience=rows[0].audience,
            state=rows[0].state,
            reason=rows[0].reason,
            facts=f"{len(rows)} people" if len(rows) > 1 else _subject(rows[0]),
        )
        for rows in list(lines.values())[:_REMINDERS]
    ]


def _subject(row: Row[*tuple[Any, ...]]) -> str:
    facts = msgspec.json.decode(row.facts)
    return words(row.rule, facts).subject if facts else ""


def _mailbox(takehold: Takehold, view: View, who: Principal) -> list[render.Mail] | None:
    """None where mail is sent for real, and for everybody who may not read other people's mail."""
    elsewhere = takehold.settings.smtp_host or takehold.settings.without_mail_server != "mailbox"
    if elsewhere or not who.may("mailbox:read"):
        return None
    rows = view.connection.execute(
        select(MAILBOX)
        .where(MAILBOX.c.workspace_id == view.workspace.id)
        .order_by(MAILBOX.c.received_at.desc())
        .limit(_MAILS)
    ).all()
    opened = takehold.vault.open_many(view.workspace.id, {row.delivery_id: Sealed(row.key_id, row.box) for row in rows})
    mails = []
    for row in rows:
        mail = msgspec.json.decode(opened[row.delivery_id])
        mails.append(render.Mail(row.received_at, mail["to"], mail["subject"], mail["text"]))
    return mails
