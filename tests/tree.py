"""The files of the project: those that are committed, and those that are about to be."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("adkar", "events", "notifiers", "service")


def in_the_tree(*folders: str) -> list[Path]:
    """Every file below some folders, of the whole project without any; what git ignores is left out."""
    # safe.directory: in a container the checkout often belongs to another user, which git takes for an attack.
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "--cached", "--others", "--exclude-standard", "--"]
    listed = subprocess.run([*command, *folders], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    # A file that was deleted is listed until the deletion is committed.
    return [ROOT / name for name in listed.splitlines() if (ROOT / name).is_file()]
