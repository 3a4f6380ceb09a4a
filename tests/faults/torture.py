"""Every fault in its full form, on each engine: `python -m tests.faults.torture [FAULT ...] [--engine ENGINE]`.

Prints a line a figure; ends with 1 when something did not hold, or when a fault proved nothing.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial

from tests.faults.stores import ENGINES

FAULTS = (
    "killed",
    "dialects",
    "writers",
    "resent",
    "crowded",
    "followers",
    "storage_faults",
    "server_faults",
    "hostile_bodies",
    "bad_senders",
    "state_machine",
    "shutdown",
)
"""Modules with `run(engine, full)`, which answers figures, and raises AssertionError when something does not hold."""

WITHOUT_A_STORE = ("mutations",)
"""Modules with `run(full)`."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument("faults", nargs="*", metavar="FAULT", help=f"default all: {' '.join(FAULTS + WITHOUT_A_STORE)}")
    parser.add_argument("--engine", choices=ENGINES, help="default both")
    parser.add_argument("--short", action="store_true", help="as the tests run them")
    asked = parser.parse_args()
    held = True
    for fault in asked.faults or FAULTS + WITHOUT_A_STORE:
        run = importlib.import_module(f"tests.faults.{fault}").run
        for engine in ["-"] if fault in WITHOUT_A_STORE else [asked.engine] if asked.engine else ENGINES:
            form = partial(run, not asked.short) if engine == "-" else partial(run, engine, not asked.short)
            held &= _told(fault, engine, form)
    return 0 if held else 1


def _told(fault: str, engine: str, form: Callable[[], list[str]]) -> bool:
    """Runs one fault on one engine and prints its figures; says whether it held."""
    begun = time.monotonic()
    try:
        figures = form()
        verdict = "held" if figures else "PROVED NOTHING"
    except Exception as error:
        # One that does not hold must not keep the others from being tried.
        traceback.print_exc()
        figures, verdict = [f"{type(error).__name__}: {error}"], "DID NOT HOLD"
    seconds = time.monotonic() - begun
    for figure in figures or ["no figures"]:
        sys.stdout.write(f"{fault:<14} {engine:<8} {verdict}  {figure}  ({seconds:.1f} s)\n")
    sys.stdout.flush()
    return verdict == "held"


if __name__ == "__main__":
    sys.exit(main())
