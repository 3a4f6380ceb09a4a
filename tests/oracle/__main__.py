"""`python -m tests.oracle --histories 2000 [--engine ENGINE]` prints a line; ends with 1 when it proved nothing."""

from __future__ import annotations

import argparse
import sys

from tests.faults.stores import ENGINES, fresh_store
from tests.oracle.many import compare_many


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.oracle", description=__doc__)
    parser.add_argument("--histories", type=int, default=2000)
    parser.add_argument("--engine", choices=ENGINES, default="sqlite")
    wanted = parser.parse_args()
    with fresh_store(wanted.engine) as store, store.opened() as takehold:
        seen = compare_many(takehold, wanted.histories)
    unproved = seen.unproved()
    said = f"; nothing was proved of {', '.join(unproved)}" if unproved else ""
    sys.stdout.write(f"{wanted.engine}: {seen.line()}{said}\n")
    return 1 if unproved else 0


if __name__ == "__main__":
    sys.exit(main())
