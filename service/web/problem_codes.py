"""The page that the `type` of every problem document points to."""

from __future__ import annotations

from flask import Blueprint, render_template

from service.problems import PROBLEMS

blp = Blueprint("problem_codes", __name__)


@blp.get("/docs/problems")
def get_problems() -> str:
    """What each problem code means"""
    return render_template("problems.html", problems=PROBLEMS)
