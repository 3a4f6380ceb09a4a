"""`takehold export` and `takehold verify`, as they are typed, and as somebody without either would check."""

from __future__ import annotations

import gzip
import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pytest_httpserver import HTTPServer
from sqlalchemy import text

from events.database import Database
from events.heads import read_heads
from service.cli import main
from tests.events.cast import fact, tell
from tests.events.exports import told
from tests.tree import ROOT

SNIPPET = re.findall(r"```python\n(.*?)```", (ROOT / "docs/export.md").read_text(encoding="utf-8"), re.DOTALL)


class Typist:
    """Types commands on a store with nine events."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.file, self.heads = folder / "log.gz", folder / "heads.jsonl"

    def typed(self, *words: object, **kwargs: Any) -> Result:
        return CliRunner().invoke(main, [str(word) for word in words], **kwargs)

    def export(self, *words: object) -> Result:
        done = self.typed("export", self.file, *words)
        assert done.exit_code == 0, done.output
        return done

    def verify(self, target: object, *words: object) -> tuple[int, Any]:
        """Exit code, and the answer or what was said instead."""
        done = self.typed("verify", target, "--json", *words)
        return done.exit_code, json.loads(done.stdout) if done.stdout else done.stderr

    def heads_of(self, *, without: str) -> Path:
        """The heads that were kept, but for one workspace's."""
        with self.heads.open("rb") as file:
            left = [head for head in read_heads(file) if head.workspace_id != without]
        path = self.folder / "some-heads"
        path.write_text("".join(f"{head.line()}\n" for head in left))
        return path


@pytest.fixture
def typist(database_url: str, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typist:
    made = Typist(database_url, tmp_path)
    monkeypatch.setenv("TAKEHOLD_DATABASE_URL", database_url)
    monkeypatch.setenv("TAKEHOLD_KEYS_URL", f"sqlite:///{tmp_path / 'keys.db'}")
    monkeypatch.setenv("TAKEHOLD_HEADS_FILE", str(made.heads))
    assert made.typed("init").exit_code == 0
    tell(database, *(fact(event=told(number)) for number in range(1, 10)))
    return made


@pytest.fixture
def offline(typist: Typist, monkeypatch: pytest.MonkeyPatch) -> Iterator[Typist]:
    """There is an export and nothing else: no database, no keys, no network."""
    typist.export()

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("somebody went to the network")

    with monkeypatch.context() as alone:
        alone.setenv("TAKEHOLD_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
        alone.setenv("TAKEHOLD_KEYS_URL", "postgresql://nobody@127.0.0.1:1/nothing-either")
        alone.setattr(socket.socket, "connect", refused)
        yield typist


def altered(packed: bytes, at: int) -> bytes:
    """The export with one letter changed in the event at a position."""
    lines = gzip.decompress(packed).splitlines(keepends=True)
    lines[at] = lines[at].replace(b'"actor":"key', b'"actor":"kez')
    return gzip.compress(b"".join(lines))


def test_an_export_says_what_it_holds_and_holds(typist: Typist, httpserver: HTTPServer, monkeypatch: Any) -> None:
    httpserver.expect_request("/heads").respond_with_data("kept")
    monkeypatch.setenv("TAKEHOLD_HEADS_WEBHOOK", httpserver.url_for("/heads"))
    done = typist.export()
    [head] = read_heads(typist.heads.read_bytes().splitlines())
    assert done.stdout.splitlines() == [
        f"10 events, the last at position 10: {head.hash}",
        f"Public key: {head.public_key}",
    ]
    assert "10/10" in done.stderr
    assert [request.get_json()["position"] for request, _ in httpserver.log] == [10]
    assert [path.name for path in typist.folder.glob("*.part")] == []
    assert typist.verify(typist.file) == (
        0,
        {
            "holds": True,
            "workspace_id": "default",
            "events": 10,
            "bad_position": None,
            "reason": "every event follows from the one before",
            "public_key": head.public_key,
        },
    )


def test_verifying_an_export_needs_no_database_and_no_network(offline: Typist) -> None:
    assert offline.verify(offline.file)[0] == 0
    code, answer = offline.verify(offline.file, "--head", offline.heads)
    assert (code, answer["holds"]) == (0, True)


def test_people_read_what_holds_and_what_was_not_looked_at(offline: Typist) -> None:
    alone = offline.typed("verify", offline.file).stdout.splitlines()
    assert alone[0] == "Holds: 10 events of workspace default; every event follows from the one before."
    assert alone[1].startswith("Public key: ")
    assert "--head FILE" in alone[2]
    against = offline.typed("verify", offline.file, "--head", offline.heads).stdout.splitlines()
    assert against == alone[:2]


def test_people_read_what_does_not_hold_and_where(offline: Typist) -> None:
    offline.file.write_bytes(altered(offline.file.read_bytes(), 4))
    done = offline.typed("verify", offline.file)
    assert done.exit_code == 1
    assert done.stdout == "Does not hold, from position 4 on: the event, or the one before it, was altered.\n"


def test_a_database_is_verified_without_its_keys_and_without_being_touched(typist: Typist, database: Database) -> None:
    typist.export()
    database.close()
    (typist.folder / "keys.db").unlink()
    before = {path.name: path.read_bytes() for path in typist.folder.iterdir()}
    code, answer = typist.verify(typist.url, "--head", typist.heads)
    assert (code, answer["holds"], answer["events"]) == (0, True, 10)
    assert {path.name: path.read_bytes() for path in typist.folder.iterdir()} == before


def test_a_database_that_a_service_has_open_is_verified_too(typist: Typist, database: Database) -> None:
    typist.export()
    tell(database, fact())
    code, answer = typist.verify(typist.url, "--head", typist.heads)
    assert (code, answer["events"]) == (0, 11)


def test_a_row_altered_in_the_database_is_found_there_and_in_an_export_of_it(
    typist: Typist, database: Database
) -> None:
    with database.write("events", "default") as connection:
        on_sqlite = connection.dialect.name == "sqlite"
        connection.execute(text(f"DROP TRIGGER {'event_no_update' if on_sqlite else 'event_is_fixed ON event'}"))
        connection.execute(text("UPDATE event SET actor = 'somebody' WHERE position = 6"))
    code, answer = typist.verify(typist.url)
    assert (code, answer["bad_position"]) == (1, 6)
    done = typist.typed("export", typist.file)
    assert done.exit_code == 1
    assert "does not hold, from position 6 on: the event, or the one before it, was altered." in done.stderr
    # What was altered is evidence, so there is a file even so.
    code, answer = typist.verify(typist.file)
    assert (code, answer["bad_position"]) == (1, 6)


def test_a_row_that_cannot_be_read_keeps_an_export_from_being_made(typist: Typist, database: Database) -> None:
    """The export that is there stays."""
    typist.export()
    before = typist.file.read_bytes()
    with database.write("events", "default") as connection:
        on_sqlite = connection.dialect.name == "sqlite"
        connection.execute(text(f"DROP TRIGGER {'event_no_update' if on_sqlite else 'event_is_fixed ON event'}"))
        spoilt = "nonsense" if on_sqlite else "infinity"
        connection.execute(text(f"UPDATE event SET recorded_at = '{spoilt}' WHERE position = 6"))
    done = typist.typed("export", typist.file, "--force")
    assert done.exit_code == 1
    assert "Position 6: the event cannot be read." in done.stderr
    assert typist.file.read_bytes() == before
    assert typist.verify(typist.url)[1]["bad_position"] == 6


def test_an_older_export_does_not_hold_against_the_heads(typist: Typist, database: Database) -> None:
    typist.export()
    older = typist.folder / "older.gz"
    typist.file.rename(older)
    tell(database, fact())
    typist.export()
    assert typist.verify(typist.file, "--head", typist.heads)[0] == 0
    code, answer = typist.verify(older, "--head", typist.heads)
    assert (code, answer["bad_position"]) == (1, 11)


def test_one_file_of_heads_serves_every_workspace(typist: Typist, database: Database) -> None:
    assert typist.typed("init", "--workspace", "elsewhere").exit_code == 0
    tell(database, fact(), workspace="elsewhere")
    typist.export()
    typist.export("--workspace", "elsewhere", "--force")
    assert typist.verify(typist.file, "--head", typist.heads)[0] == 0
    assert typist.verify(typist.url, "--head", typist.heads)[0] == 0
    assert typist.verify(typist.url, "--head", typist.heads, "--workspace", "elsewhere")[0] == 0
    code, answer = typist.verify(typist.file, "--head", typist.heads_of(without="elsewhere"))
    assert (code, answer["reason"]) == (1, "no head that was kept is of this workspace")


def test_an_export_is_not_overwritten_unless_one_says_so(typist: Typist) -> None:
    typist.file.write_text("precious")
    refused = typist.typed("export", typist.file)
    assert refused.exit_code == 1
    assert "--force" in refused.stderr
    assert typist.file.read_text() == "precious"
    typist.export("--force")
    assert typist.verify(typist.file)[0] == 0


@pytest.mark.parametrize("where", ["", "missing/log.gz"], ids=["a directory", "in a folder that is not there"])
def test_an_export_that_cannot_be_written_is_told(typist: Typist, where: str) -> None:
    done = typist.typed("export", typist.folder / where)
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")


@pytest.mark.parametrize("kind", ["a pipe", "a link", "a link to nothing"])
def test_an_export_takes_the_place_of_no_device_and_no_link(typist: Typist, kind: str) -> None:
    """As of /dev/stdout, which is a link to a device, a pipe or a file, whichever the output goes to."""
    if kind == "a pipe":
        os.mkfifo(typist.file)
    else:
        typist.file.symlink_to(typist.folder / "elsewhere")
    if kind == "a link":
        (typist.folder / "elsewhere").write_text("precious")
    before = typist.file.lstat()
    done = typist.typed("export", typist.file, "--force")
    assert done.exit_code == 1
    assert "is a link or a device, and only a regular file is overwritten." in done.stderr
    # Not when it was last read: to look at a link is to read it.
    after = typist.file.lstat()
    assert (after.st_ino, after.st_mode, after.st_ctime_ns) == (before.st_ino, before.st_mode, before.st_ctime_ns)
    assert [path.name for path in typist.folder.glob("*.part")] == []


def test_an_empty_or_unknown_workspace_leaves_no_file(typist: Typist) -> None:
    assert typist.typed("init", "--workspace", "empty").exit_code == 0
    assert "has no events yet" in typist.typed("export", typist.file, "--workspace", "empty").stderr
    assert "no workspace" in typist.typed("export", typist.file, "--workspace", "nobody").stderr
    assert list(typist.folder.glob("log.gz*")) == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "this is not an export of Takehold"),
        (b"plain text", "the file is damaged, cut off, or no gzip"),
        (gzip.compress(b"somebody else's\n", mtime=0), "this is not an export of Takehold"),
        (gzip.compress(b'{"takehold":"export","version":9}\n', mtime=0), "this export is of version 9"),
        (None, "No such file or directory"),
    ],
)
def test_what_is_no_export_is_unreadable_and_told_in_a_sentence(
    tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    file = tmp_path / "log.gz"
    if content is not None:
        file.write_bytes(content)
    done = CliRunner().invoke(main, ["verify", str(file)])
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert "Is a directory" in CliRunner().invoke(main, ["verify", str(tmp_path)]).stderr


def test_an_export_cut_in_two_holds_up_to_somewhere(offline: Typist) -> None:
    content = offline.file.read_bytes()
    offline.file.write_bytes(content[: len(content) * 3 // 4])
    code, answer = offline.verify(offline.file)
    assert code == 1
    assert 1 <= answer["bad_position"] <= 11


@pytest.mark.parametrize("content", [b"", b"\n", b"not a head\n", b"\xff\xfe", None])
def test_heads_that_cannot_be_read_are_told(offline: Typist, content: bytes | None) -> None:
    heads = offline.folder / "other-heads"
    if content is not None:
        heads.write_bytes(content)
    code, said = offline.verify(offline.file, "--head", heads)
    assert code == 2
    assert "other-heads: " in said


# Databases that hold nothing to verify.


def test_a_workspace_without_events_is_told(typist: Typist) -> None:
    assert typist.typed("init", "--workspace", "empty").exit_code == 0
    code, said = typist.verify(typist.url, "--workspace", "empty")
    assert code == 2
    assert "workspace empty has no events in this database" in said


def test_a_workspace_that_there_is_none_of_is_told(typist: Typist) -> None:
    typist.export()
    assert typist.verify(typist.url, "--workspace", "defualt") == (
        2,
        "Error: there is no workspace defualt in this database\n",
    )
    assert typist.verify(typist.file, "--workspace", "defualt") == (
        2,
        f"Error: {typist.file}: there is no workspace defualt in it: this is the log of default\n",
    )


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("sqlite:///nowhere.db", "there is no database file nowhere.db"),
        ("sqlite://", "there is no database file"),
        ("mysql://host/name", "a database is sqlite:///file or postgresql://..."),
        ("postgresql://nobody@127.0.0.1:1/nothing", "the database cannot be read"),
        ("postgresql://host:port/nothing", "port"),
    ],
)
def test_an_address_of_no_database_is_told_and_makes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["verify", url])
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_foreign_database_is_told(tmp_path: Path) -> None:
    foreign = sqlite3.connect(tmp_path / "foreign.db")
    foreign.execute("CREATE TABLE event (what TEXT)")
    foreign.close()
    (tmp_path / "none.db").write_bytes(b"no database " * 200)
    for name, sentence in (("foreign.db", "holds no log of Takehold"), ("none.db", "the database cannot be read")):
        done = CliRunner().invoke(main, ["verify", f"sqlite:///{tmp_path / name}"])
        assert done.exit_code == 2
        assert sentence in done.stderr


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "is at revision 9999, of a newer program"),
        ("ALTER TABLE event DROP COLUMN causation", "the log is of an older program"),
        ("DROP TABLE alembic_version", "holds no log of Takehold"),
        ("ALTER TABLE event RENAME TO mislaid", "holds no log of Takehold"),
    ],
)
def test_a_database_of_another_program_or_version_is_told(
    typist: Typist, database: Database, statement: str, sentence: str
) -> None:
    with database.write("events", "") as connection:
        connection.execute(text(statement))
    code, said = typist.verify(typist.url)
    assert code == 2
    assert sentence in said


def test_a_database_that_is_written_while_it_is_taken_for_quiet_is_not_judged(
    typist: Typist, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's readers see one snapshot")
    database.close()

    def meanwhile(*_: object) -> Any:
        tell(database, fact())
        database.close()
        return iter(())

    monkeypatch.setattr("service.verifying.stored", meanwhile)
    code, said = typist.verify(typist.url)
    assert code == 2
    assert "was written meanwhile" in said


# Without us.


def checked(file: Path) -> subprocess.CompletedProcess[str]:
    [program] = SNIPPET
    assert len([line for line in program.splitlines() if line]) == 25
    words = [sys.executable, "-I", "-c", program, str(file)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


def test_the_program_in_the_docs_says_that_an_export_holds(typist: Typist) -> None:
    typist.export()
    done = checked(typist.file)
    assert done.returncode == 0, done.stderr
    key = typist.verify(typist.file)[1]["public_key"]
    assert done.stdout == f"holds: 10 events, signed by {key}\n"


def test_the_program_in_the_docs_finds_what_was_altered(typist: Typist) -> None:
    typist.export()
    content = typist.file.read_bytes()
    lines = gzip.decompress(content).splitlines(keepends=True)
    other = [*lines[:-1], lines[-1].replace(b'"seal":"', b'"seal":"00', 1)]
    for spoilt in (
        altered(content, 5),
        gzip.compress(b"".join([*lines[:3], *lines[4:]])),
        gzip.compress(b"".join(other)),
    ):
        typist.file.write_bytes(spoilt)
        assert checked(typist.file).returncode == 1
    typist.file.write_bytes(altered(content, 5))
    assert "position 5 does not hold" in checked(typist.file).stderr
