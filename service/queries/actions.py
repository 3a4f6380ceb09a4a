"""How often who used which feature on which day: what depth, breadth and habits need beyond days of use."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adkar.actions import Actions
from events.types.change import Feature
from service.queries.sets import Columns, counted, covers, set_rows, told
from service.queries.view import View


def actions(view: View, features: Sequence[Feature], column: Columns, only: Feature | None = None) -> Actions:
    """Every count of some features by the people who have a column. only: as in `sightings`.

    Memory: 24 bytes for each person, feature and day with use; days without use take nothing.
    """
    chosen = [one for one in counted(view, features) if only is None or covers(only, one.feature)]
    # The same feature is stored once for each kind and grain; used in two ways it is still one feature.
    names = {name: place for place, name in enumerate(dict.fromkeys(one.feature for one in chosen))}
    place_of = {one.number: names[one.feature] for one in chosen}
    days, who, which, often = [], [], [], []
    for one in told(set_rows(view, chosen), chosen):
        here, where, _ = column.split(one.accounts)
        days.append(np.full(len(here), one.day, dtype=np.int32))
        which.append(np.full(len(here), place_of[one.feature], dtype=np.int32))
        who.append(here)
        often.append(one.counts[where])
    nothing = np.zeros(0, dtype=np.int64)
    return Actions(
        day=np.concatenate([*days, nothing.astype(np.int32)]),
        person=np.concatenate([*who, nothing]),
        feature=np.concatenate([*which, nothing.astype(np.int32)]),
        count=np.concatenate([*often, nothing]),
    )
