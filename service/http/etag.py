"""Entity tags: the version of what is shown, so that nobody overwrites what they have not seen (RFC 9110, 13.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request
from marshmallow import Schema, fields
from werkzeug.http import parse_etags

TAGGED: Mapping[str, Any] = {
    "ETag": {"description": "Version of what is shown, for If-Match and If-None-Match.", "schema": {"type": "string"}}
}
"""How an answer with a tag is documented."""


class IfMatchSchema(Schema):
    """Headers of a request that may name the version it was made from."""

    if_match = fields.String(
        data_key="If-Match",
        metadata={"description": "ETag of the version that was seen; with any other as it stands, the answer is 412."},
    )


def etag(version: int) -> dict[str, str]:
    """The header of a strong tag."""
    return {"ETag": f'"{version}"'}


def versions(headers: Mapping[str, str]) -> frozenset[str] | None:
    """The versions that If-Match admits, None when any will do. A weak tag admits nothing (RFC 9110, 13.1.1)."""
    if "if_match" not in headers:
        return None
    tags = parse_etags(headers["if_match"])
    return None if tags.star_tag else frozenset(tags.as_set())


def answer_conditionally(response: Response) -> Response:
    """Makes an answer with a tag a 304 for whoever has that version; to run after each request of a blueprint."""
    if "ETag" in response.headers:
        response.make_conditional(request)
    return response
