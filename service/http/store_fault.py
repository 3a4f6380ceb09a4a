"""What an error of a store means to the one who asked: no room, no answer, or a fault of ours."""

from __future__ import annotations

import errno
import sqlite3

import psycopg
from sqlalchemy.exc import DBAPIError

from service.http.problem import Problem

_RETRY_SECONDS = 5
"""Long enough for a server that was restarted, short enough that a client's queue does not pile up."""

_SQLITE_AWAY = {
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_PROTOCOL,
}
_POSTGRES_AWAY = (
    "08",  # connection exception
    "25006",  # read-only transaction: the server is a standby by now
    "40",  # rolled back by the server, as over a deadlock
    "53",  # insufficient resources, such as too many connections
    "57",  # the server shuts down, starts up or crashed
    "58",  # the server's own input or output failed
)


def problem_of(error: Exception) -> Problem | None:
    """503 `storage_full` or `unavailable` for what may pass; None for anything else. The error's text stays here."""
    if isinstance(error, DBAPIError):
        return problem_of(error.orig) if isinstance(error.orig, Exception) else None
    if isinstance(error, sqlite3.Error):
        # The low byte is the kind of error, the rest says more precisely which.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        return _full() if code == sqlite3.SQLITE_FULL else _away() if code in _SQLITE_AWAY else None
    if isinstance(error, psycopg.Error):
        if isinstance(error, psycopg.errors.DiskFull):
            return _full()
        # Without a state the server did not say it: the connection was lost, or never came about.
        lost = error.sqlstate is None and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return _away() if lost or (error.sqlstate or "").startswith(_POSTGRES_AWAY) else None
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return _full()
    return None


def _full() -> Problem:
    message = "There is no room to store anything; nothing was stored. Reading may still work."
    return Problem(503, "storage_full", message, headers={"Retry-After": str(_RETRY_SECONDS)})


def _away() -> Problem:
    message = "The store does not answer. Whether this was stored is not known; repeat it with the same ids."
    return Problem(503, "unavailable", message, headers={"Retry-After": str(_RETRY_SECONDS)})
