"""Channels over the API: connected, and their address never told again."""

from __future__ import annotations

from sqlalchemy import select

from adkar.change import change_id, role_id
from events.sealed import Sealed
from events.types.reinforcement import ChannelAdded
from service.directory.tables import CHANNEL
from tests.service.api.office import Office

HOOK = "https://slack.invalid/T0/B0/x"


def test_a_channel_is_connected_and_its_address_sealed(office: Office) -> None:
    answer = office.alice.post("/channels", {"kind": "slack", "target": HOOK})
    assert (answer.status_code, answer.get_json()["kind"]) == (201, "slack")
    assert HOOK not in answer.text
    added = office.events(ChannelAdded)[0].event
    assert (str(added.channel), added.kind, added.change, added.role) == (
        answer.get_json()["channel"],
        "slack",
        None,
        None,
    )
    with office.takehold.database.read() as connection:
        row = connection.execute(select(CHANNEL).where(CHANNEL.c.workspace_id == office.id)).one()
    assert office.takehold.vault.open(office.id, Sealed(row.target_key, row.target)) == HOOK


def test_a_channel_may_carry_one_change_or_one_role_only(office: Office) -> None:
    office.launch()
    office.impact("sales")
    body = {"kind": "mail", "target": "team@example.org"}
    for audience in ({"change": "copilot"}, {"change": "copilot", "role": "sales"}, {}):
        assert office.alice.post("/channels", body | {"audience": audience}).status_code == 201
    change = change_id(office.id, "copilot")
    added = [(one.event.change, one.event.role) for one in office.events(ChannelAdded)]
    assert added == [(change, None), (change, role_id(change, "sales")), (None, None)]
