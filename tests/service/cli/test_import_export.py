"""`takehold import export`, as it is typed: from a SQLite file into an empty workspace on either engine."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import Row, func, select

from events.activity import NAME
from events.chain import link
from events.connect import open_database
from events.database import Database
from events.tables import ACTIVITY, EVENT, SOURCE, USAGE
from service.directory.tables import ACCOUNT
from service.intake.imports.log_import import check_log, import_log
from service.intake.store import Use, store
from service.readmodels.rebuilding import rebuild
from service.readmodels.retractions import standing
from service.readmodels.sources import sources
from service.worker.follow import caught_up
from service.worker.retain import retain
from tests.events import exports
from tests.events.cast import fact, rows_of, tell
from tests.events.exports import exported, history, lines_of, repacked
from tests.service.cli.runs import answer, prepare, service, typed
from tests.service.intake.imports.exports import row, sunday, write


class Stores:
    """The store that an export came from, and the one that it goes into. retracted: an import."""

    retracted: UUID

    def __init__(self, old: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.file, self._old, self._url, self._environment = old / "log.gz", old, url, monkeypatch

    def new(self, with_keys: bool = False) -> None:
        """From here on commands speak of the new store, which has keys of its own or those of the old."""
        keys = self._old / ("keys.db" if with_keys else "other-keys.db")
        self._environment.setenv("TAKEHOLD_DATABASE_URL", self._url)
        self._environment.setenv("TAKEHOLD_KEYS_URL", f"sqlite:///{keys}")
        typed("init", "--zone", "Europe/Berlin")

    def old_rows(self) -> Sequence[Row[Any]]:
        with closing(open_database(f"sqlite:///{self._old / 'old.db'}")) as database:
            return rows_of(database)


@pytest.fixture
def stores(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stores:
    """An export of people, members, links of accounts and a sealed reason."""
    folder = tmp_path / "old"
    folder.mkdir()
    made = Stores(folder, database_url, monkeypatch)
    prepare(f"sqlite:///{folder / 'old.db'}", folder, monkeypatch)
    rows = [row(f"p{n}", sunday(week), "Sales", Total_Copilot_active_days=4) for week in range(4) for n in range(12)]
    assert answer("import", "viva", write(folder / "query.csv", rows))["people"] == 12
    assert typed("report").exit_code == 0
    later = answer(
        "import", "viva", write(folder / "more.csv", [row("p99", sunday(1), "Legal", Total_Copilot_active_days=4)])
    )
    assert typed("withdraw", "--import", later["id"], "--reason", "wrong file").exit_code == 0
    with closing(service()) as old:
        assert store(old, "default", "browser", [Use("1", "copilot", "ask", "p1", None)]) == [True]
        assert retain(old, old.workspace(), datetime.now(UTC) + timedelta(days=1))[0]
    made.retracted = UUID(later["id"])
    assert typed("retract", "--import", later["id"], "--reason", "wrong file").exit_code == 0
    assert typed("retract", "browser", "--reason", "a test").exit_code == 0
    assert typed("export", made.file).exit_code == 0
    made.new()
    return made


def kept(database: Database) -> list[int]:
    """How many events, observations and accounts there are."""
    with database.read() as connection:
        return [connection.scalar(select(func.count()).select_from(table)) or 0 for table in (EVENT, USAGE, ACCOUNT)]


def test_what_comes_back_is_the_same_log_to_the_last_byte(stores: Stores, database: Database) -> None:
    done = answer("import", "export", stores.file)
    before = stores.old_rows()
    assert [tuple(one) for one in rows_of(database)] == [tuple(one) for one in before]
    assert (done["events"], done["hash"]) == (len(before), before[-1].hash)
    assert (done["workspace_id"], done["followed"]) == ("default", True)
    verified = answer("verify", database.url)
    assert (verified["holds"], verified["events"]) == (True, len(before))
    assert verified["reason"].endswith("the activity sets of 1 sealed days are not here")
    assert typed("rebuild", "activity").exit_code == 0


def test_an_export_of_what_came_back_has_the_same_lines(stores: Stores, tmp_path: Path) -> None:
    assert typed("import", "export", stores.file).exit_code == 0
    done = typed("export", tmp_path / "again.gz")
    # The new store signs the head of this export with a key of its own, which does not pass for the log's.
    assert (done.exit_code, "is not signed by the log's key" in done.stderr) == (1, True)
    assert lines_of((tmp_path / "again.gz").read_bytes())[1:-1] == lines_of(stores.file.read_bytes())[1:-1]


def test_what_follows_the_log_has_followed_and_is_what_a_rebuild_makes(stores: Stores) -> None:
    assert typed("import", "export", stores.file).exit_code == 0
    with closing(service()) as takehold:
        for name, source in sources(takehold.workspace().zone).items():
            if name != NAME:
                assert rebuild(takehold.database, "default", source, lambda *_: None).differing == 0
    [report] = answer("report", "--on", "2024-05-01")
    assert {role["role"]: role["eligible"] for role in report["roles"]} == {"Sales": 12, "Legal": None}


def test_people_read_what_came_back_and_what_cannot(stores: Stores) -> None:
    said = typed("import", "export", stores.file).stdout.splitlines()
    last = stores.old_rows()[-1]
    assert said[0] == f"{last.position} events of workspace default, the last one's hash {last.hash}."
    assert said[1] == "An export holds no names, no addresses and no observations; people are pseudonyms here."
    assert said[2].endswith("notes and other texts stay closed, because their keys are not here.")
    assert said[3].startswith("This store signs with another key than ")
    assert said[4:] == ["", "Next: takehold report"]


def test_with_the_keys_of_the_old_store_texts_open_and_heads_go_on(stores: Stores, database: Database) -> None:
    stores.new(with_keys=True)
    done = answer("import", "export", stores.file)
    assert (done["readable"], done["same_key"]) == (True, True)
    assert done["sealed"] > 0
    tell(database, fact())
    assert typed("export", stores.file, "--force").exit_code == 0
    assert answer("verify", stores.file)["holds"] is True
    assert answer("verify", database.url)["holds"] is True


def test_use_that_comes_in_later_is_not_taken_for_that_of_people_of_before(stores: Stores, database: Database) -> None:
    """Links speak of accounts by number; given out anew, a number would make somebody's use another's."""
    assert typed("import", "export", stores.file).exit_code == 0
    with database.read() as connection:
        used = connection.scalar(select(func.max(ACCOUNT.c.account_id))) or 0
    assert used >= 12
    with closing(service()) as takehold:
        store(takehold, "default", "viva", [Use("1", "copilot", "total", "stranger", 1_700_000_000_000)])
    with database.read() as connection:
        new = connection.scalar(select(func.max(USAGE.c.account_id)))
    assert new == used + 1


def test_what_was_retracted_in_the_old_store_hides_nothing_in_the_new_one(stores: Stores, database: Database) -> None:
    answer("import", "export", stores.file)
    with closing(service()) as takehold:
        assert store(takehold, "default", "app", [Use("2", "copilot", "ask", "p1", None)]) == [True]
        caught_up(takehold, takehold.workspace())
    with database.read() as connection:
        shown = select(func.count()).select_from(ACTIVITY).where(standing(connection, "default"))
        assert connection.scalar(shown) == 1
        [again] = connection.scalars(select(SOURCE.c.import_id).where(SOURCE.c.import_id.is_not(None)))
    assert again == stores.retracted


def test_the_new_stores_own_days_are_sealed_beside_those_of_the_old(stores: Stores, database: Database) -> None:
    """Numbers of observations begin anew here, and must not pass for those that the old seals speak of."""
    answer("import", "export", stores.file)
    with closing(service()) as takehold:
        assert store(takehold, "default", "app", [Use("2", "copilot", "ask", "p1", None)]) == [True]
        assert retain(takehold, takehold.workspace(), datetime.now(UTC) + timedelta(days=2))[0] == 1
    verified = answer("verify", database.url)
    assert (verified["holds"], verified["reason"].endswith("sealed days are not here")) == (True, True), verified
    assert typed("rebuild", "activity").exit_code == 0
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(ACTIVITY)) == 1
    assert answer("verify", database.url)["holds"]


def test_a_workspace_that_holds_something_is_refused(stores: Stores, database: Database) -> None:
    with closing(service()) as takehold:
        store(takehold, "default", "viva", [Use("1", "copilot", "total", "ada", 1_700_000_000_000)])
    before = kept(database)
    done = typed("import", "export", stores.file)
    assert (done.exit_code, kept(database)) == (1, before)
    assert done.stderr == "Error: Workspace default holds observations already; an export goes into an empty one.\n"
    tell(database, fact())
    assert "holds events already" in typed("import", "export", stores.file).stderr


def test_the_same_export_twice_is_refused_the_second_time(stores: Stores, database: Database) -> None:
    assert typed("import", "export", stores.file).exit_code == 0
    before = kept(database)
    done = typed("import", "export", stores.file)
    assert (done.exit_code, kept(database)) == (1, before)
    assert "holds events already" in done.stderr


def test_progress_reaches_the_last_byte_and_the_last_event(stores: Stores) -> None:
    told: dict[str, tuple[int, int | None]] = {}

    def seen(what: str, done: int, total: int | None) -> None:
        told[what] = (done, total)

    verdict = check_log(stores.file, seen)
    with closing(service()) as takehold:
        import_log(takehold, stores.file, verdict, seen)
    size = stores.file.stat().st_size
    assert told == {"bytes verified": (size, size), "events stored": (verdict.events, verdict.events)}


def test_another_workspace_is_another_log(stores: Stores, database: Database) -> None:
    other = history(workspace="harbour")
    stores.file.write_bytes(exported(other))
    assert "There is no workspace harbour. Run: takehold init" in typed("import", "export", stores.file).stderr
    done = typed("import", "export", stores.file, "--workspace", "default")
    assert "there is no workspace default in it: this is the log of harbour. Nothing was stored." in done.stderr
    assert kept(database) == [0, 0, 0]
    assert typed("init", "--workspace", "harbour").exit_code == 0
    assert answer("import", "export", stores.file)["events"] == len(other)
    assert answer("verify", database.url, "--workspace", "harbour")["holds"] is True


def altered(values: dict[str, Any]) -> bytes:
    """An export, sound in itself, whose last event has some other values."""
    rows = history(signed=())
    rows[-1] |= values
    rows[-1]["hash"] = link(rows[-2]["hash"], rows[-1])
    return exported(rows)


SOUND = exported(history())
NEWER = msgspec.json.encode({"takehold": "export", "version": 2}) + b"\n"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read: No such file or directory."),
        (b"", "this is not an export of Takehold"),
        (b"actor,app\n", "the file is damaged, cut off, or no gzip"),
        (repacked([NEWER, *lines_of(SOUND)[1:]]), "this export is of version 2; this program reads version 1"),
        (SOUND[:-30], "does not hold, from position"),
        (repacked([*lines_of(SOUND)[:3], *lines_of(SOUND)[4:]]), "from position 3 on: position 3 is missing"),
        (altered({"type": "person.promoted"}), "Position 12: person.promoted version 1 is newer than this program"),
        (altered({"schema_version": 99}), "version 99 is newer than this program"),
        (altered({"data": "{}"}), "Position 12: the event cannot be read."),
        (altered({"stream_version": 2**70}), "an event fits no store."),
        (altered({"event_id": exports.history()[2]["event_id"]}), "an id stands there twice."),
    ],
)
def test_what_cannot_be_taken_in_is_told_in_a_sentence_and_nothing_is_stored(
    stores: Stores, database: Database, content: bytes | None, sentence: str
) -> None:
    stores.file.unlink()
    if content is not None:
        stores.file.write_bytes(content)
    done = typed("import", "export", stores.file)
    assert done.exit_code == 1
    [said] = done.stderr.splitlines()
    assert said.startswith("Error: ")
    assert sentence in said
    assert kept(database) == [0, 0, 0]


def test_a_mistyped_file_name_leaves_no_new_database_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TAKEHOLD_DATABASE_URL", raising=False)
    monkeypatch.delenv("TAKEHOLD_KEYS_URL", raising=False)
    assert typed("import", "export", "no.gz").exit_code == 1
    assert list(tmp_path.iterdir()) == []
