"""The first page: adoption, ADKAR, reminders and the local mailbox of one change."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request

from service.commands.changes import change_by_id
from service.queries.view import view
from service.readmodels.changes import change_ids
from service.web.dashboard import dashboard
from service.web.render import context
from service.web.session import csrf_token, running, signed_in

blp = Blueprint("first", __name__)


@blp.get("/")
def get_first() -> str:
    """The page of a change: adoption against plan, ADKAR, latest reminders"""
    who = signed_in()
    if who is None:
        return render_template("signed_out.html")
    if not (who.may("adoption:read") and who.may("adkar:read")):
        abort(403, "Your role may not see this page.")
    takehold = running()
    with takehold.database.read() as connection:
        seen = view(connection, takehold.workspace(who.workspace_id))
        key = request.args.get("change")
        found = [change_by_id(connection, who.workspace_id, id) for id in change_ids(connection, who.workspace_id)]
        changes = [change for change in found if change]
        chosen = next((change for change in changes if key in (None, change.key)), None)
        if key and chosen is None:
            abort(404, "There is no such change.")
        page = dashboard(takehold, seen, changes, chosen, who)
    return render_template("dashboard.html", **context(page), csrf_token=csrf_token())
