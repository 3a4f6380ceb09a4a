"""Signing in by link, and out."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template
from werkzeug import Response

from service.web.session import check_csrf, running, sign_in, sign_out
from service.web.signin import is_valid, use

blp = Blueprint("signing", __name__)
_GONE = "This link was used, or is too old. Ask for a new one: takehold link"


@blp.get("/sign-in/<token>")
def get_sign_in(token: str) -> str:
    """A button that uses a sign-in link up"""
    if not is_valid(running(), token):
        abort(404, _GONE)
    return render_template("sign_in.html")


@blp.post("/sign-in/<token>")
def post_sign_in(token: str) -> Response:
    """Sign in by link"""
    who = use(running(), token)
    if who is None:
        abort(404, _GONE)
    sign_in(who)
    return redirect("/", 303)


@blp.post("/sign-out")
def post_sign_out() -> Response:
    """Sign out"""
    check_csrf()
    sign_out()
    return redirect("/", 303)
