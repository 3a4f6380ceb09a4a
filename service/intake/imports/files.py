"""Files that are taken in: opened, unpacked and read line by line, twice if need be, and never held as a whole."""

from __future__ import annotations

import gzip
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from io import BufferedReader
from pathlib import Path
from typing import IO

LONGEST_LINE = 1024 * 1024
"""Bytes. Lines of exports have some hundreds; without a limit a small packed file could fill the memory."""
_SHOWN = 20
_GZIP = b"\x1f\x8b"

Progress = Callable[[str, int, int | None], None]
"""Told of each step: what is being done, how much of it is done, and how much there is, if that is known."""


class NotAnExport(Exception):
    """A file is not of the kind that is wanted; the message is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that cannot be used. line: counted from 1, the header's where there is one. column: None for the row."""

    line: int
    column: str | None
    reason: str


@dataclass
class Problems:
    """Rows that were left out: how many, and the first twenty of them."""

    count: int = 0
    first: list[LeftOut] = field(default_factory=list)

    def add(self, row: LeftOut) -> None:
        self.count += 1
        if len(self.first) < _SHOWN:
            self.first.append(row)


@contextmanager
def open_file(path: Path) -> Iterator[IO[bytes]]:
    """Opens the file at `path`, unpacked if it is gzip. Raises NotAnExport."""
    try:
        if path.is_dir():
            raise NotAnExport(f"{path} is a folder, not a file.")
        if not path.exists():
            raise NotAnExport(f"There is no file {path}.")
        if not path.is_file():
            raise NotAnExport(f"{path} is no file that can be read twice, to check it before anything is stored.")
        file = path.open("rb")
    except OSError as error:
        raise NotAnExport(f"{path} cannot be read: {error.strerror}.") from None
    with file:
        packed = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        if packed:
            with BufferedReader(gzip.GzipFile(fileobj=file, mode="rb")) as unpacked:
                yield unpacked
        else:
            yield file


def lines(file: IO[bytes], name: str) -> Iterator[bytes]:
    """Every line from the first on, with its end and without a byte order mark. Raises NotAnExport."""
    try:
        file.seek(0)
        first = True
        while line := file.readline(LONGEST_LINE + 1):
            if len(line) > LONGEST_LINE:
                raise NotAnExport(f"{name} has a line of more than {LONGEST_LINE:,} bytes.")
            yield line.removeprefix(b"\xef\xbb\xbf") if first else line
            first = False
    except (OSError, EOFError, zlib.error):
        # gzip says so for a wrong checksum, and for an end that never comes.
        raise NotAnExport(f"{name} is damaged or cut off.") from None


def text_lines(file: IO[bytes], name: str) -> Iterator[str]:
    """Every line as text. Raises NotAnExport."""
    for line in lines(file, name):
        try:
            yield line.decode()
        except UnicodeDecodeError:
            raise NotAnExport(f"{name} is not text in UTF-8, as a CSV export is.") from None


class Tally:
    """How often each text came by. Kept in a file without a name, so that the memory does not grow with it."""

    def __init__(self) -> None:
        self._store = sqlite3.connect("", isolation_level=None)
        self._store.execute("CREATE TABLE seen (k BLOB PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID")
        self._store.execute("BEGIN")

    def times(self, text: str) -> int:
        """With this time; 1 for the first."""
        key = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        counted = "INSERT INTO seen VALUES (?, 1) ON CONFLICT (k) DO UPDATE SET n = n + 1 RETURNING n"
        [(times,)] = self._store.execute(counted, (key,)).fetchall()
        return int(times)

    def close(self) -> None:
        self._store.close()


@contextmanager
def tally() -> Iterator[Tally]:
    """A Tally, gone at the end."""
    with closing(Tally()) as made:
        yield made
