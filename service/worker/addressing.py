"""Where a delivery goes: the channel that carries it, and the message in the recipient's terms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from sqlalchemy import Connection, insert, select

from adkar.change import Change
from events.sealed import Sealed
from events.types.reinforcement import ReminderRaised
from notifiers.channel import Channel
from notifiers.console import Console
from notifiers.errors import PermanentFailure
from notifiers.mail import Mail, MailSettings
from notifiers.mailbox import Mailbox
from notifiers.message import Action, Message
from notifiers.slack import Slack
from service.commands.changes import change_by_id
from service.directory.people import contact
from service.directory.tables import CHANNEL
from service.links import unsubscribe_url
from service.messages import words
from service.settings import Settings
from service.takehold import Takehold
from service.worker.outbox import Claim
from service.worker.tables import MAILBOX


@dataclass(frozen=True)
class Addressed:
    """A message and the channel that carries it; `kind` is recorded with the delivery."""

    kind: str
    channel: Channel
    message: Message


def address(takehold: Takehold, workspace_id: str, claimed: Claim, raised: ReminderRaised) -> Addressed:
    """Raises PermanentFailure when there is nowhere to send it."""
    with takehold.database.read() as connection:
        kind, target = _target(takehold, connection, workspace_id, claimed)
        change = change_by_id(connection, workspace_id, raised.change)
    nudged = claimed.person if raised.audience == "person" else None
    # A webhook's address is a secret, and no channel needs to say it.
    label = "Slack" if kind == "slack" else target
    message = _message(takehold, workspace_id, claimed, raised, change, label, nudged)
    if kind == "slack":
        return Addressed("slack", Slack(target), message)
    if takehold.settings.smtp_host is None and takehold.settings.without_mail_server == "console":
        return Addressed("console", Console(), message)
    if takehold.settings.smtp_host is None:
        return Addressed("mailbox", Mailbox(lambda one: _keep(takehold, workspace_id, claimed, one)), message)
    return Addressed("mail", Mail(_mail_settings(takehold.settings)), message)


def _target(takehold: Takehold, connection: Connection, workspace_id: str, claimed: Claim) -> tuple[str, str]:
    if claimed.channel is None:
        person = contact(connection, takehold.vault, workspace_id, claimed.person) if claimed.person else None
        if person is None or person.email is None:
            raise PermanentFailure("no_address")
        return "mail", person.email
    row = connection.execute(
        select(CHANNEL).where(CHANNEL.c.workspace_id == workspace_id, CHANNEL.c.channel_id == claimed.channel)
    ).first()
    if row is None or row.disabled:
        raise PermanentFailure("channel_disabled")
    return row.kind, takehold.vault.open(workspace_id, Sealed(row.target_key, row.target))


def _message(
    takehold: Takehold,
    workspace_id: str,
    claimed: Claim,
    raised: ReminderRaised,
    change: Change | None,
    to: str,
    nudged: UUID | None,
) -> Message:
    said = words(raised.rule, raised.facts)
    page = f"{takehold.settings.public_url.rstrip('/')}/?change={change.key if change else ''}"
    return Message(
        id=str(claimed.delivery),
        to=to,
        subject=said.subject,
        text=said.text,
        actions=() if nudged else (Action("Open the page", page),),
        unsubscribe_url=unsubscribe_url(takehold, workspace_id, nudged) if nudged else None,
    )


def _mail_settings(settings: Settings) -> MailSettings:
    return MailSettings(
        host=settings.smtp_host or "",
        sender_address=settings.mail_from,
        port=settings.smtp_port,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
        security=settings.smtp_security,
    )


def _keep(takehold: Takehold, workspace_id: str, claimed: Claim, message: Message) -> None:
    text = msgspec.json.encode({"to": message.to, "subject": message.subject, "text": message.text}).decode()
    # Under the person's own key, so that who is erased is erased here as well.
    box = takehold.vault.seal(workspace_id, text, claimed.person)
    with takehold.database.write("work", workspace_id) as connection:
        if connection.scalar(
            select(MAILBOX.c.delivery_id).where(
                MAILBOX.c.workspace_id == workspace_id, MAILBOX.c.delivery_id == message.id
            )
        ):
            # A retry of a delivery whose claimant died after keeping it.
            return
        connection.execute(
            insert(MAILBOX).values(
                workspace_id=workspace_id,
                delivery_id=message.id,
                key_id=box.key,
                box=box.box,
                received_at=datetime.now(UTC),
            )
        )
