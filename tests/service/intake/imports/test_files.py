"""Files are read line by line, packed or not, and one that cannot be read is refused in a sentence."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import pytest

from service.intake.imports.files import (
    LONGEST_LINE,
    LeftOut,
    NotAnExport,
    Problems,
    lines,
    open_file,
    tally,
    text_lines,
)


def read(path: Path) -> list[bytes]:
    with open_file(path) as file:
        found = list(lines(file, path.name))
        assert list(lines(file, path.name)) == found
        return found


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_is_read_as_often_as_wanted_packed_or_not(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "some"
    content = b"\xef\xbb\xbfone\n\ntwo\r\nthree"
    path.write_bytes(gzip.compress(content) if packed else content)
    assert read(path) == [b"one\n", b"\n", b"two\r\n", b"three"]


def test_a_file_that_is_cut_off_or_altered_while_packed_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(b"line\n" * 1000)
    for content in (packed[:-20], packed[:-8] + b"\0" * 8, b"\x1f\x8b\x08"):
        (tmp_path / "some.gz").write_bytes(content)
        with pytest.raises(NotAnExport, match=r"some\.gz is damaged or cut off\."):
            read(tmp_path / "some.gz")


def test_a_line_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    (tmp_path / "some.gz").write_bytes(gzip.compress(b"x" * (LONGEST_LINE + 1)))
    with pytest.raises(NotAnExport, match="a line of more than"):
        read(tmp_path / "some.gz")


def test_what_is_no_text_is_refused_where_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "some").write_bytes(b"fine\n\xff\n")
    with open_file(tmp_path / "some") as file:
        found = text_lines(file, "some")
        assert next(found) == "fine\n"
        with pytest.raises(NotAnExport, match="UTF-8"):
            next(found)


def test_the_first_twenty_problems_are_kept_and_all_are_counted() -> None:
    problems = Problems()
    for line in range(25):
        problems.add(LeftOut(line, None, "is bad"))
    assert (problems.count, [one.line for one in problems.first]) == (25, list(range(20)))


def test_a_tally_counts_each_text() -> None:
    words = "ada bob ada eve ada bob \udc80".split()
    counted = Counter[str]()
    with tally() as seen:
        for word in words:
            counted[word] += 1
            assert seen.times(word) == counted[word]
