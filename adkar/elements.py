"""The five ordered elements of ADKAR and the barrier point of one set of scores.

ADKAR is a trademark of Prosci, Inc.; the barrier point is the one described in J. Hiatt, "ADKAR: a model for
change in business, government and our community" (2006).
"""

from collections.abc import Mapping
from itertools import takewhile
from typing import Literal, cast, get_args

Element = Literal["awareness", "desire", "knowledge", "ability", "reinforcement"]
Source = Literal["self", "champion", "manager"]
Scores = Mapping[Element, float]
Barrier = Element | Literal["indeterminate"] | None
Reached = Element | Literal["none", "indeterminate"]

ELEMENTS: tuple[Element, ...] = get_args(Element)
LOWEST, HIGHEST = 1, 5
BARRIER_SCORE = 3


def passed(scores: Scores) -> tuple[Element, ...]:
    """The unbroken run of elements, from awareness on, that are scored above 3."""
    # Compared as given: a rounded 3.4 would be a barrier, and it is none.
    return tuple(takewhile(lambda element: element in scores and scores[element] > BARRIER_SCORE, ELEMENTS))


def barrier(scores: Scores) -> Barrier:
    """The first element in order with a score of 3 or less: not the lowest score.

    None when all five are present and above 3; "indeterminate" when an element is missing before it is known.
    """
    cleared = passed(scores)
    if cleared == ELEMENTS:
        return None
    stop = ELEMENTS[len(cleared)]
    return stop if stop in scores else "indeterminate"


def reached(scores: Scores) -> Reached:
    """The last element before the barrier.

    "none" with a barrier at awareness, "reinforcement" without a barrier, "indeterminate" as in `barrier`.
    """
    if barrier(scores) == "indeterminate":
        return "indeterminate"
    cleared = passed(scores)
    return cleared[-1] if cleared else "none"


def check_scores(scores: Mapping[str, float], person: bool) -> Scores:
    """The same scores, known to be fit for the record; elements may be missing, but not all of them.

    A person's scores are whole numbers from 1 to 5; only a group's average (`person` False) has decimals.
    Raises ValueError, naming the element.
    """
    if not scores:
        raise ValueError(f"scores: none given, of {', '.join(ELEMENTS)}")
    for element, score in scores.items():
        if element not in ELEMENTS:
            raise ValueError(f"{element}: not one of {', '.join(ELEMENTS)}")
        # Written so that NaN, which compares false with everything, is refused too.
        if isinstance(score, bool) or not LOWEST <= score <= HIGHEST:
            raise ValueError(f"{element}: a score lies between {LOWEST} and {HIGHEST}")
        if person and score != int(score):
            raise ValueError(f"{element}: a person's score is a whole number")
    return cast(Scores, scores)
