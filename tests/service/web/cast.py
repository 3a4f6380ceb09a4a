"""An insurer that brings an assistant to six roles: one ahead, two behind, one silent, one too small, one new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from adkar.elements import ELEMENTS
from adkar.group import BARRIERS, GroupBarrier
from service.web.render import Adkar, Change, Dashboard, Figures, Mail, Reminder, Role, Series, Status

AS_OF = date(2026, 6, 14)
WEEKS = 16
DAYS = [AS_OF - timedelta(weeks=WEEKS - 1 - i) for i in range(WEEKS)]
PLAN = [None, None] + [0.8 * i / 18 for i in range(1, WEEKS - 1)]


def series(final: float, holes: Sequence[int] = (), status: Status = "unknown", blur: float = 0.03) -> Series:
    """An S of sixteen weeks that ends at `final`; the weeks of `holes` have `status` instead of a rate."""
    rates = [final * min(1.0, max(0.0, (i - 1) / 14)) ** 1.4 + 0.012 * (i % 3) for i in range(WEEKS)]
    hidden = status == "suppressed"
    return Series(
        days=DAYS,
        rate=[None if i in holes else rate for i, rate in enumerate(rates)],
        low=[None if i in holes and hidden else max(rate - blur / 3, 0) for i, rate in enumerate(rates)],
        high=[None if i in holes and hidden else min(rate + blur, 1) for i, rate in enumerate(rates)],
        plan=PLAN,
        status=[status if i in holes else "known" for i in range(WEEKS)],
    )


def adkar(n: int, of: int, means: Sequence[float], shares: Sequence[float], barrier: GroupBarrier) -> Adkar:
    return Adkar(
        suppressed=False,
        n=n,
        response_rate=n / of,
        means=dict(zip(ELEMENTS, means, strict=True)),
        blocked_share={kind: share for kind, share in zip(BARRIERS, shares, strict=True) if share},
        barrier=barrier,
    )


def role(key: str, name: str, eligible: int | None, shown: Series | None, **more: object) -> Role:
    """A role whose figures are those of the last day of `shown`."""
    last = Role(key, name, eligible, None, None, None, None, None, "known", "ok", None, None, None)
    if shown:
        rate, status = shown.rate[-1], shown.status[-1]
        last = replace(
            last,
            adopted=round(rate * eligible) if rate is not None and eligible else None,
            rate=rate,
            low=shown.low[-1],
            high=shown.high[-1],
            plan=shown.plan[-1],
            status=status,
            series=shown,
        )
    return replace(last, **more)  # type: ignore[arg-type]


def roles() -> list[Role]:
    nudged = datetime(2026, 6, 11, 7, 0, tzinfo=UTC)
    return [
        role(
            "claims",
            "Claims handlers",
            412,
            series(0.74),
            adkar=adkar(338, 412, (4.4, 4.1, 4.0, 3.6, 3.4), (0.03, 0.06, 0.08, 0.14, 0.19, 0.47, 0.03), "none"),
            last_reminder=nudged,
        ),
        role(
            "motor",
            "Motor underwriters",
            186,
            series(0.41, blur=0.06),
            alert="firing",
            adkar=adkar(121, 186, (4.2, 2.6, 2.9, 2.4, 2.1), (0.06, 0.46, 0.17, 0.12, 0.04, 0.13, 0.02), "desire"),
            last_reminder=nudged,
        ),
        role(
            "month-end",
            "Month-end closing and reporting",
            64,
            series(0.52),
            alert="pending",
            adkar=adkar(51, 64, (4.5, 4.0, 3.04, 2.7, 2.5), (0.02, 0.08, 0.31, 0.33, 0.12, 0.14, 0), "ability"),
        ),
        role(
            "service-desk",
            "Service desk",
            230,
            series(0.61, holes=(6, 7, 13, 14, 15)),
            alert="no_data",
            adkar=adkar(88, 230, (3.6, 3.2, 2.8, 3.1, 2.9), (0.14, 0.16, 0.31, 0.09, 0.08, 0.17, 0.05), "knowledge"),
        ),
        role(
            "actuaries",
            "Actuaries",
            None,
            series(0.3, holes=range(WEEKS), status="suppressed"),
            alert="no_data",
            adkar=Adkar(suppressed=True),
        ),
        role(
            "brokers",
            "Broker support",
            118,
            series(0.33),
            alert="firing",
            adkar=adkar(97, 118, (2.8, 2.4, 2.2, 2.0, 1.7), (0.52, 0.21, 0.09, 0.07, 0.02, 0.06, 0.03), "awareness"),
        ),
    ]


def reminders() -> list[Reminder]:
    at = datetime(2026, 6, 11, 7, 0, tzinfo=UTC)
    told = "37 % adopted, plan 62 %, 186 eligible, week to 7 Jun 2026"
    return [
        Reminder(at, "Motor underwriters", "below_plan", "manager", "sent", None, told),
        Reminder(at, "Claims handlers", "never_used", "person", "sent", None, ""),
        Reminder(at, "Claims handlers", "never_used", "person", "dropped", "cool_down", ""),
        Reminder(at - timedelta(days=2), "Broker support", "never_used", "person", "dropped", "opted_out", ""),
        Reminder(at - timedelta(days=3), "Broker support", "below_plan", "manager", "acknowledged", None, told),
        Reminder(at - timedelta(days=4), "Service desk", "never_used", "person", "failed", "smtp_550", ""),
    ]


def mailbox() -> list[Mail]:
    at = datetime(2026, 6, 11, 7, 0, tzinfo=UTC)
    return [
        Mail(
            at,
            "mona@example.org",
            "Motor underwriters are below plan",
            "37 % have adopted the Claims assistant; the plan for this week was 62 %.\n\n"
            "What helps most now is the talk with the team: their barrier is Desire.\n\n"
            "I did something: http://127.0.0.1:8080/r/4fd1?answer=did_it",
        ),
        Mail(
            at - timedelta(hours=1),
            "alice@example.org",
            "A hand with the Claims assistant?",
            "Ten minutes, with a coach.",
        ),
    ]


def dashboard(**more: object) -> Dashboard:
    """The whole page; `more` replaces fields of it."""
    whole = Dashboard(
        change=Change(
            key="assistant",
            name="Claims assistant in production",
            go_live=date(2026, 3, 2),
            target_rate=0.8,
            target_by=date(2026, 7, 5),
            definition="used on at least 4 of 28 days",
        ),
        changes=[("assistant", "Claims assistant in production"), ("e-invoice", "E-invoicing")],
        zone="Europe/Berlin",
        as_of=AS_OF,
        figures=Figures(1024, 0.547, 0.52, 0.6, 0.622, "known", sent=14, dropped=5),
        roles=roles(),
        grain_note="Some sources report by week; days inside a week are not exact.",
        reminders=reminders(),
        mailbox=mailbox(),
        public_url="http://127.0.0.1:8080",
    )
    return replace(whole, **more)  # type: ignore[arg-type]
