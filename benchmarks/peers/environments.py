"""Virtual environments for peers whose pins cannot stand beside ours, made on first use and kept."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from hashlib import sha256
from pathlib import Path

REQUIREMENTS = Path(__file__).parent
FOLDER = Path(__file__).parents[2] / ".peers"
"""Not below .venv, which may be a link to one that others use as well."""

_MAKE_SECONDS = 300


class NotThere(Exception):
    """A peer cannot be measured; says why in half a sentence."""


def python_of(name: str, requirements: Path = REQUIREMENTS, folder: Path = FOLDER) -> Path:
    """The interpreter of an environment that holds what `<name>.txt` locks. Raises NotThere when it cannot be made."""
    lock, here = requirements / f"{name}.txt", folder / name
    wanted = sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    stamp, python = here / "made-from", here / "bin" / "python"
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(here, ignore_errors=True)
        venv.create(here, symlinks=True)
        install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-input"]
        try:
            subprocess.run(
                [*install, "--require-hashes", "-r", str(lock)], capture_output=True, check=True, timeout=_MAKE_SECONDS
            )
        except subprocess.SubprocessError as error:
            shutil.rmtree(here, ignore_errors=True)
            # Not what pip said, which names the addresses it tried.
            raise NotThere(f"its environment could not be made ({type(error).__name__} of pip)") from None
        # Last, so that one whose making was interrupted is made again.
        stamp.write_text(wanted)
    return python
