"""Who is signed in to the pages, and the token that a form must carry back."""

from __future__ import annotations

import hmac
import secrets

from flask import Flask, Response, abort, current_app, request, session

from service.access import Principal, actions_of
from service.takehold import Takehold
from service.web.signin import SignIn

CSP = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
_DAYS = 14


def configure(app: Flask, takehold: Takehold) -> None:
    """Sets up the session cookie, and the headers that pages carry."""
    secure = takehold.settings.public_url.startswith("https://")
    app.config.update(
        SECRET_KEY=takehold.vault.workspace_key("", "session"),
        # __Host- binds the cookie to this very host; browsers accept it over https only.
        SESSION_COOKIE_NAME="__Host-takehold" if secure else "takehold",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=_DAYS * 24 * 3600,
    )
    app.after_request(_protect)


def sign_in(who: SignIn) -> None:
    """Begins a session; what an earlier one left is gone, so that nobody can prepare one for somebody else."""
    session.clear()
    session.permanent = True
    session["workspace"] = who.workspace_id
    session["role"] = who.role
    session["csrf"] = secrets.token_urlsafe(24)


def sign_out() -> None:
    session.clear()


def signed_in() -> Principal | None:
    """Who looks at the page; None for nobody."""
    if "role" not in session:
        return None
    role = session["role"]
    return Principal(session["workspace"], f"page:{role}", role, "default", actions_of(role))


def csrf_token() -> str:
    """What forms of this session must carry."""
    return str(session.get("csrf", ""))


def check_csrf() -> None:
    """Answers 403 to a form that another site made the browser send."""
    if not csrf_token() or not hmac.compare_digest(request.form.get("csrf_token", ""), csrf_token()):
        abort(403, "This form is too old. Go back, load the page again and repeat.")


def running() -> Takehold:
    """The service this application runs."""
    found: Takehold = current_app.extensions["takehold"]
    return found


def _protect(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    if response.mimetype == "text/html":
        response.headers.setdefault("Content-Security-Policy", CSP)
        response.headers.setdefault("Referrer-Policy", "same-origin")
        # A page behind a sign-in must not come back from a shared computer's cache.
        response.headers.setdefault("Cache-Control", "no-store")
    return response
