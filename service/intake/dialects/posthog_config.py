"""What PostHog's clients ask besides: which feature flags are on, and what else they shall do. Nothing, here."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response

_SCRIPT = """(function () {{
  var all = window._POSTHOG_REMOTE_CONFIG = window._POSTHOG_REMOTE_CONFIG || {{}};
  all[{key}] = {{config: {config}, siteApps: []}};
}})();
"""


def mount(blueprint: Blueprint) -> None:
    """Adds the paths to PostHog's. No key is asked for, because nothing is told that depends on one."""
    for path in ("/flags", "/decide"):
        for slash in ("/", ""):
            blueprint.add_url_rule(f"{path}{slash}", view_func=post_flags, methods=["POST"])
    blueprint.add_url_rule("/array/<key>/config", view_func=get_config)
    blueprint.add_url_rule("/array/<key>/config.js", view_func=get_config_script)


def post_flags() -> dict[str, Any]:
    """To PostHog's clients: no feature flag is on; nothing of the question is read or kept"""
    # In the words of every version of the question: the later ones read flags, the earlier ones the other two.
    return {
        **_config(),
        "flags": {},
        "featureFlags": {},
        "featureFlagPayloads": {},
        "errorsWhileComputingFlags": False,
    }


def get_config(key: str) -> dict[str, Any]:
    """To PostHog's browser client: send events, and nothing else"""
    return {"token": key, **_config()}


def get_config_script(key: str) -> Response:
    """The same as a script, which that client looks for first"""
    script = _SCRIPT.format(key=json.dumps(key), config=json.dumps(get_config(key)))
    return Response(script, mimetype="text/javascript")


def _config() -> dict[str, Any]:
    return {
        "supportedCompression": ["gzip", "gzip-js"],
        "analytics": {"endpoint": "/i/v0/e/"},
        "hasFeatureFlags": False,
        "sessionRecording": False,
        "surveys": False,
        "heatmaps": False,
        "productTours": False,
        "captureDeadClicks": False,
        "capturePerformance": False,
        "autocaptureExceptions": False,
        "defaultIdentifiedOnly": True,
        "elementsChainAsString": True,
        "toolbarParams": {},
        "isAuthenticated": False,
        "siteApps": [],
    }
