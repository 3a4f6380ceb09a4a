"""`takehold rebuild`, `backup` and `restore`, as they are typed, and what opens when read models are ahead."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, update

from events.database import Database
from events.followers import Step
from events.tables import FOLLOWER
from service.cli import main
from service.directory.announce import Announced, announce
from service.lag import AheadOfLog
from service.readmodels.changes import Changes
from service.readmodels.registry import READMODELS
from service.settings import Settings
from service.takehold import Takehold
from service.wsgi import application
from tests.service.worker.cast import Organisation


@pytest.fixture
def runner(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Commands on a prepared store of their own, with a person and a change in it."""
    monkeypatch.setenv("TAKEHOLD_DATABASE_URL", database_url)
    monkeypatch.setenv("TAKEHOLD_KEYS_URL", f"sqlite:///{tmp_path / 'keys.db'}")
    monkeypatch.chdir(tmp_path)
    made = CliRunner()
    assert typed(made, "init").exit_code == 0
    takehold = Takehold(Settings())
    with takehold.command("default", "key:alice", "api") as unit:
        announce(unit, [Announced("ada", email="ada@example.org", name="Ada")])
    Organisation(takehold, "default").launch("copilot", {})
    takehold.close()
    return made


def typed(runner: CliRunner, *words: object) -> Result:
    return runner.invoke(main, [str(word) for word in words])


def ahead(database: Database, name: str) -> None:
    with database.write("work", "default") as connection:
        connection.execute(update(FOLLOWER).where(FOLLOWER.c.name == name).values(position=10_000))


def test_a_rebuild_says_what_it_did(runner: CliRunner) -> None:
    done = typed(runner, "rebuild")
    assert done.exit_code == 0, done.output
    assert "changes: applied up to 4; nothing differed" in done.stdout
    assert len(done.stdout.splitlines()) == len(READMODELS) + 1
    only = typed(runner, "rebuild", "changes", "--check")
    assert (only.exit_code, only.stdout) == (0, "changes: applied up to 4; nothing differed\n")
    assert typed(runner, "rebuild", "nothing").exit_code == 2
    assert typed(runner, "rebuild", "--workspace", "nowhere").exit_code == 1


def test_rows_that_differed_are_told_of_and_only_a_check_leaves_them(runner: CliRunner, database: Database) -> None:
    with database.write("work", "default") as connection:
        assert connection.execute(delete(Changes.tables[0])).rowcount == 1
    for words, told in (
        (("--check",), "1 rows differed"),
        ((), "1 rows differed, and the new ones serve now"),
    ):
        done = typed(runner, "rebuild", "changes", *words)
        assert (done.exit_code, done.stdout) == (1, f"changes: applied up to 4; {told}\n")
    assert typed(runner, "rebuild", "changes").exit_code == 0


def test_an_event_that_still_breaks_it_is_named(runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Changes, step: Step) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Changes, "apply", broken)
    done = typed(runner, "rebuild", "changes")
    assert done.exit_code == 1
    assert done.stdout == "changes: ZeroDivisionError at position 1, an event of type person.registered\n"


@pytest.mark.parametrize("name", ["changes", "activity"])
def test_nothing_starts_that_is_ahead_of_its_log_but_the_rebuild_that_mends_it(
    runner: CliRunner, database: Database, name: str
) -> None:
    """As after an older log was put back below newer read models, by other means than ours."""
    ahead(database, name)
    for words in (("web",), ("worker",), ("report",)):
        done = typed(runner, *words)
        assert done.exit_code == 1
        assert "takehold rebuild --workspace default" in done.stderr
        assert f"{name} of workspace default" in done.stderr
    with pytest.raises(AheadOfLog):
        application()
    assert typed(runner, "rebuild", "--workspace", "default").exit_code == 0
    application().extensions["takehold"].close()


def test_a_backup_is_taken_verified_and_put_back(runner: CliRunner, tmp_path: Path) -> None:
    done = typed(runner, "backup", "b.gz", "--keys-to", "k.gz")
    assert done.exit_code == 0, done.output
    assert typed(runner, "backup", "b.gz").exit_code == 1
    assert typed(runner, "backup", "c.gz", "--keys-to", "k.gz").exit_code == 1
    assert typed(runner, "backup", "c.gz", "--keys-to", "c.gz").exit_code == 2
    assert not Path("c.gz").exists()
    alone = typed(runner, "backup", "b.gz", "--force")
    assert "The keys are not in it" in alone.stdout
    verified = typed(runner, "backup", "--verify", "b.gz")
    assert verified.exit_code == 0, verified.output
    assert "event: 4\n" in verified.stdout
    assert "ok   backup: the last verified, b.gz, is of" in typed(runner, "doctor").stdout

    other = f"sqlite:///{tmp_path / 'other.db'}"
    words = ("--database", other, "--keys", f"sqlite:///{tmp_path / 'other.keys.db'}")
    restored = typed(runner, *words, "restore", "b.gz", "--keys-from", "k.gz")
    assert restored.exit_code == 0, restored.output
    assert "Workspace default: 4 events; every event follows from the one before." in restored.stdout
    assert "Workspace default: changes: applied up to 4; nothing differed" in restored.stdout


def test_a_backup_takes_the_place_of_no_link_and_one_behind_a_link_is_read(runner: CliRunner) -> None:
    Path("link.gz").symlink_to("b.gz")
    for words in (("link.gz",), ("c.gz", "--keys-to", "link.gz")):
        done = typed(runner, "backup", *words, "--force")
        assert done.exit_code == 1
        assert "link.gz is a link or a device, and only a regular file is overwritten." in done.stderr
        assert not any(Path(name).exists() for name in ("b.gz", "c.gz"))
    assert typed(runner, "backup", "b.gz").exit_code == 0
    assert typed(runner, "backup", "--verify", "link.gz").exit_code == 0


def test_what_cannot_be_restored_is_refused_in_a_sentence(runner: CliRunner, database: Database) -> None:
    assert typed(runner, "backup", "b.gz", "--keys-to", "k.gz").exit_code == 0
    Path("half.gz").write_bytes(Path("b.gz").read_bytes()[:-30])
    for words, told in (
        (("b.gz",), "holds data; --force deletes it. Nothing was changed."),
        (("half.gz", "--force"), "Nothing was changed: the file is damaged, cut off, or no backup."),
        (("k.gz", "--force"), "this is a backup of keys, where a backup of the database is wanted."),
        (("b.gz", "--keys-from", "b.gz", "--force"), "where a backup of keys is wanted."),
        (("none.gz",), "none.gz: No such file or directory"),
    ):
        done = typed(runner, "restore", *words)
        assert done.exit_code == 1
        assert told in done.stderr.replace("\n", " ")
    assert typed(runner, "rebuild", "--check").exit_code == 0


def test_a_restore_that_finds_something_wrong_afterwards_says_so(runner: CliRunner, database: Database) -> None:
    """The backup holds a read model that somebody spoilt."""
    with database.write("work", "default") as connection:
        connection.execute(delete(Changes.tables[0]))
    assert typed(runner, "backup", "b.gz").exit_code == 0
    done = typed(runner, "restore", "b.gz", "--force")
    assert done.exit_code == 1
    assert "Workspace default: changes: applied up to 4; 1 rows differed\n" in done.stdout
