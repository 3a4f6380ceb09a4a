"""Lines of GitHub Copilot's usage metrics by user, made up: the fields are a real report's, the people are not."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_ACTIVITY = ("user_initiated_interaction_count", "code_generation_activity_count", "code_acceptance_activity_count")
_LINES = ("loc_suggested_to_add_sum", "loc_suggested_to_delete_sum", "loc_added_sum", "loc_deleted_sum")


def feature(name: str, prompts: int = 0, shown: int = 0, accepted: int = 0) -> dict[str, Any]:
    """An entry of totals_by_feature."""
    counts = dict(zip(_ACTIVITY, (prompts, shown, accepted), strict=True))
    return {"feature": name, **counts, **dict.fromkeys(_LINES, 3)}


def line(login: str, day: str, *features: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A user's day, with what we do not read around what we do."""
    sums = {name: sum(one[name] for one in features) for name in _ACTIVITY}
    return {
        "report_start_day": day,
        "report_end_day": day,
        "day": day,
        "enterprise_id": "1",
        "user_id": len(login),
        "user_login": login,
        **sums,
        "totals_by_ide": [{"ide": "vscode", **sums, "last_known_ide_version": {"ide_version": "1.104.0"}}],
        "totals_by_feature": list(features),
        "totals_by_language_feature": [{"language": "python", "feature": one["feature"]} for one in features],
        "totals_by_model_feature": [],
        "used_agent": False,
        "used_chat": bool(features),
        **dict.fromkeys(_LINES, 3),
        **more,
    }


def write(path: Path, some: Iterable[dict[str, Any] | str]) -> Path:
    """The file, packed if its name ends in gz; texts stand in it as they are."""
    content = "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in some).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path
