"""What the browser clients of Segment and RudderStack ask and tell besides messages.

Source: what the clients themselves send, and what RudderStack's accepts for a source configuration.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request


def mount(blueprint: Blueprint) -> None:
    """Adds the paths to Segment's. No key is asked for, because nothing is told that depends on one."""
    for path in ("/sourceConfig/", "/sourceConfig"):
        blueprint.add_url_rule(path, view_func=get_source_config)
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


def post_metrics() -> dict[str, bool]:
    """To Segment's browser client, which tells how it fares: nothing of it is read or kept"""
    return {"success": True}
