"""Stopping reminders from a mail, without signing in (RFC 8058): a GET shows a button, a bare POST is enough."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, render_template

from service.commands.reinforcement import opt_out
from service.links import unsubscribing
from service.web.session import running

blp = Blueprint("unsubscribing", __name__)


@blp.get("/unsubscribe/<workspace_id>/<token>")
def get_unsubscribe(workspace_id: str, token: str) -> str:
    """A button that stops reminders"""
    _person(workspace_id, token)
    return render_template("unsubscribe.html", done=False)


@blp.post("/unsubscribe/<workspace_id>/<token>")
def post_unsubscribe(workspace_id: str, token: str) -> str:
    """Stop reminders"""
    person = _person(workspace_id, token)
    with running().command(workspace_id, f"person:{person}", "page") as unit:
        opt_out(unit, person)
    return render_template("unsubscribe.html", done=True)


def _person(workspace_id: str, token: str) -> UUID:
    # The workspace is named before its key is asked for, so that nobody can make keys by naming workspaces.
    running().workspace(workspace_id)
    person = unsubscribing(running(), workspace_id, token)
    if person is None:
        abort(404, "This link is not one of ours.")
    return person
