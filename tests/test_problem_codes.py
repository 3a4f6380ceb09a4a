"""Every problem code that the code can answer with is explained, where `type` says it is."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import get_args

from adkar.refusal import Refused
from service.commands.trainings import Verdict
from service.http.problem import Problem
from service.http.strict_json import BadJson
from service.openapi import specimen
from service.problems import PROBLEMS
from tests.test_docs import anchors, text_of
from tests.tree import PACKAGES, ROOT, in_the_tree


def calls() -> Iterator[tuple[str, list[ast.expr], str]]:
    """Every call in our packages: the called name, its arguments, and where it stands."""
    for path in in_the_tree(*PACKAGES):
        if path.suffix == ".py":
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                    name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                    yield name, node.args, f"{path.relative_to(ROOT)}:{node.lineno}"


def literals(value: ast.expr) -> list[object]:
    """What an argument may be, as far as it is written down: a constant, or either side of a condition."""
    if isinstance(value, ast.IfExp):
        return literals(value.body) + literals(value.orelse)
    return [value.value] if isinstance(value, ast.Constant) else []


CODE_ARGUMENT = {"Problem": 1, "Refused": 0, "BadJson": 0, "_Fault": 0, "refuse": 0, "_fill": 1, "unknown": 0}
"""Where the code stands in what raises or answers one."""

BEGINNINGS = {"unknown": "unknown_"}
"""What is put before the code by those who are given the rest of it."""


def codes() -> dict[str, set[int]]:
    """Every problem code in the code, with the HTTP statuses that stand beside it."""
    found: dict[str, set[int]] = defaultdict(set)
    for name, arguments, where in calls():
        if name not in CODE_ARGUMENT:
            continue
        assert len(arguments) > CODE_ARGUMENT[name], f"{where}: the code is to be given by position"
        code = arguments[CODE_ARGUMENT[name]]
        # What is handed on was written down where it was made.
        handed_on = getattr(code, "attr", getattr(code, "id", None)) == "code"
        put_together = isinstance(code, ast.JoinedStr) and literals(code.values[0])[0] in BEGINNINGS.values()
        assert literals(code) or handed_on or put_together, f"{where}: write a code out, so that it can be found"
        for one in literals(code):
            statuses = literals(arguments[0]) if name == "Problem" else []
            found[f"{BEGINNINGS.get(name, '')}{one}"] |= {status for status in statuses if isinstance(status, int)}
    return found


def test_the_words_that_are_searched_for_still_raise_problems():
    assert [kind.__name__ for kind in (Problem, Refused, BadJson)] == ["Problem", "Refused", "BadJson"]
    assert {name for name, _, _ in calls()} >= CODE_ARGUMENT.keys()


def test_every_problem_code_is_explained_and_none_that_does_not_exist():
    from_routing = {"not_found", "method_not_allowed"}
    assert PROBLEMS.keys() == codes().keys() | from_routing
    assert list(PROBLEMS) == sorted(PROBLEMS)


def test_the_statuses_of_each_problem_are_those_it_is_raised_with():
    for code, statuses in codes().items():
        assert statuses <= set(PROBLEMS[code].statuses), code


def test_the_problems_that_routing_finds_are_called_as_documented():
    with specimen() as app:
        client = app.test_client()
        answers = [client.get("/api/v1/nowhere"), client.delete("/api/v1/people")]
    assert [(one.get_json()["code"], one.status_code) for one in answers] == [
        ("not_found", 404),
        ("method_not_allowed", 405),
    ]
    assert all(one.status_code in PROBLEMS[one.get_json()["code"]].statuses for one in answers)


def test_what_a_problem_points_to_is_a_heading():
    headings = anchors(ROOT / "docs/problems.md")
    assert [code for code in PROBLEMS if code not in headings] == []


def test_every_reason_for_leaving_an_item_out_is_documented():
    rejecting = {name for name, _, _ in calls() if name.strip("_") == "Rejected"}
    assert rejecting
    reasons = {str(one) for name, arguments, _ in calls() if name in rejecting for one in literals(arguments[0])}
    reasons |= set(get_args(Verdict)) - {"stored", "duplicate"}
    page = text_of("docs/problems.md")
    slugs = {reason for reason in reasons if re.fullmatch(r"[a-z]+(_[a-z]+)+", reason)}
    assert slugs >= {"too_old", "id_taken"}
    assert [reason for reason in slugs if f"| `{reason}` |" not in page] == []
