"""What the browser clients of Segment and RudderStack ask and tell besides messages.

Source: what the clients themselves send, and what they accept for settings and for a source configuration.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, request

from service.api.context import takehold


def mount(blueprint: Blueprint) -> None:
    """Adds the paths to Segment's. No key is asked for, because nothing is told that depends on one."""
    for path in ("/sourceConfig/", "/sourceConfig"):
        blueprint.add_url_rule(path, view_func=get_source_config)
    blueprint.add_url_rule("/v1/projects/<key>/settings", view_func=get_settings)
    blueprint.add_url_rule("/v1/m", view_func=post_metrics, methods=["POST"])


def get_source_config() -> dict[str, Any]:
    """To RudderStack's browser client: send events, and nothing else"""
    nothing = {"enabled": False}
    return {
        "source": {
            "id": "takehold",
            "name": "Takehold",
            "workspaceId": "takehold",
            "writeKey": request.args.get("writeKey", ""),
            "enabled": True,
            # Each would load somebody else's script into the page.
            "destinations": [],
            "connections": [],
            # Else it reports to its makers how it fares.
            "config": {"statsCollection": {"errors": nothing, "metrics": nothing}},
        },
    }


def get_settings(key: str) -> dict[str, Any]:
    """To Segment's browser client: send events here, and nothing else"""
    home = urlsplit(takehold().settings.public_url.rstrip("/"))
    return {
        # Each further one would load somebody else's script into the page.
        "integrations": {
            "Segment.io": {"apiKey": key, "apiHost": f"{home.netloc}{home.path}/v1", "protocol": home.scheme}
        },
        "remotePlugins": [],
        # Else it tells Segment's own host how it fares.
        "metrics": {"sampleRate": 0},
    }


def post_metrics() -> dict[str, bool]:
    """To Segment's browser client, which tells how it fares: nothing of it is read or kept"""
    return {"success": True}
