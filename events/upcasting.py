"""Old events, read by newer code: each upcaster lifts the data of one type from one schema version to the next.

Rows in the log are never edited. To change an event type: raise its `version`, add its upcaster here, and add a stored
sample of the old version to the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


def _of_no_import(data: dict[str, Any]) -> dict[str, Any]:
    """Before an import could be retracted by itself, all retractions were of sources."""
    return {**data, "import_id": None}


UPCASTERS: Mapping[tuple[str, int], Upcaster] = {("usage.retracted", 1): _of_no_import}
"""(wire name, version) -> how its data becomes that of version + 1."""


def upcast(
    name: str, version: int, data: dict[str, Any], to: int, upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS
) -> dict[str, Any]:
    """Lifts data from `version` to version `to`. Raises KeyError for a step that nobody wrote."""
    for step in range(version, to):
        data = upcasters[name, step](data)
    return data
