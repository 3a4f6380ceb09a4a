"""Heads are signed once, whoever signs, and kept outside; what fails outside stops nothing."""

from __future__ import annotations

import io
import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from structlog.testing import capture_logs
from werkzeug import Request, Response

from events.heads import public_key, read_heads
from events.log import read
from events.stored import stored
from events.types.trust import HeadSigned
from events.verify import verify_archive, verify_rows
from service.settings import Settings
from service.takehold import Takehold
from service.trust import SIGN_EVERY, NothingToExport, export, keep_head, sign_head, sign_if_due
from service.worker.loop import Worker, tick
from tests.events.cast import fact, tell
from tests.events.exports import head_at, history
from tests.notifiers.receivers import free_port
from tests.service.worker.cast import eventually

HEAD = head_at(history(), 7)


def signed(takehold: Takehold) -> list[HeadSigned]:
    with takehold.database.read() as connection:
        found = read(connection, "default", types=[HeadSigned.wire])
    return [one.event for one in found if isinstance(one.event, HeadSigned)]


def sign(takehold: Takehold) -> Any:
    with takehold.command("default", "system", "cli") as unit:
        return sign_head(unit)


def keeping(takehold: Takehold, **settings: Any) -> Settings:
    return takehold.settings.model_copy(update=settings)


def test_a_head_is_signed_by_the_workspaces_key_over_the_last_event(takehold: Takehold) -> None:
    [_, second] = tell(takehold.database, fact(), fact())
    head = sign(takehold)
    assert (head.workspace_id, head.position, head.hash) == ("default", 2, second.hash)
    assert head.public_key == public_key(takehold.vault.workspace_key("default", "signing"))
    assert head.holds()
    [told] = signed(takehold)
    assert (told.position, told.hash, told.signature) == (2, second.hash, head.signature)
    with takehold.database.read() as connection:
        assert verify_rows("default", stored(connection, "default"), [head]).holds


def test_nothing_is_signed_twice_and_nothing_where_nothing_is(takehold: Takehold) -> None:
    assert sign(takehold) is None
    tell(takehold.database, fact())
    assert sign(takehold)
    assert sign(takehold) is None
    tell(takehold.database, fact())
    assert sign(takehold).position == 3
    assert len(signed(takehold)) == 2


def test_a_head_is_due_when_the_last_one_is_old_and_there_is_something_new(takehold: Takehold) -> None:
    assert sign_if_due(takehold, "default", datetime.now(UTC)) is None
    tell(takehold.database, fact())
    assert sign_if_due(takehold, "default", datetime.now(UTC))
    tell(takehold.database, fact())
    assert sign_if_due(takehold, "default", datetime.now(UTC)) is None
    assert sign_if_due(takehold, "default", datetime.now(UTC) + SIGN_EVERY)
    assert sign_if_due(takehold, "default", datetime.now(UTC) + 9 * SIGN_EVERY) is None


def test_of_workers_that_sign_at_once_one_does(takehold: Takehold, settings: Settings) -> None:
    tell(takehold.database, fact())
    others = [Takehold(settings) for _ in range(3)]
    together, heads = threading.Barrier(3), []

    def work(one: Takehold) -> None:
        together.wait()
        heads.append(sign_if_due(one, "default", datetime.now(UTC)))

    threads = [threading.Thread(target=work, args=(one,)) for one in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in others:
        one.close()
    assert len([head for head in heads if head]) == len(signed(takehold)) == 1


def test_a_worker_signs_by_itself_and_a_tick_does_not(takehold: Takehold) -> None:
    tell(takehold.database, fact())
    tick(takehold)
    assert signed(takehold) == []
    worker = Worker(takehold)
    worker.start()
    eventually(lambda: signed(takehold))
    worker.stop()


def test_every_head_becomes_a_line_of_the_file(takehold: Takehold, tmp_path: Path) -> None:
    settings = keeping(takehold, heads_file=tmp_path / "heads")
    keep_head(settings, HEAD)
    keep_head(settings, head_at(history(), 8))
    with (tmp_path / "heads").open("rb") as file:
        assert [head.position for head in read_heads(file)] == [7, 8]


def test_a_line_that_was_torn_by_a_full_disk_does_not_spoil_the_next(takehold: Takehold, tmp_path: Path) -> None:
    path = tmp_path / "heads"
    path.write_bytes(b'{"hash":"ab')
    keep_head(keeping(takehold, heads_file=path), HEAD)
    assert path.read_bytes() == b'{"hash":"ab\n' + HEAD.line().encode() + b"\n"


def test_every_head_is_posted_to_the_webhook(takehold: Takehold, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/heads", method="POST").respond_with_data("kept", status=201)
    keep_head(keeping(takehold, heads_webhook=httpserver.url_for("/heads")), HEAD)
    [(request, _)] = httpserver.log
    assert request.get_json() == json.loads(HEAD.line())


@pytest.mark.parametrize("answer", [500, 404, None], ids=["error", "missing", "nobody listens"])
def test_a_webhook_that_fails_is_logged_and_the_file_has_the_head(
    takehold: Takehold, httpserver: HTTPServer, tmp_path: Path, answer: int | None
) -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    if answer:
        httpserver.expect_request("/heads").respond_with_data("", status=answer)
        url = httpserver.url_for("/heads")
    with capture_logs() as logged:
        keep_head(keeping(takehold, heads_file=tmp_path / "heads", heads_webhook=url), HEAD)
    assert [(line["event"], line["where"]) for line in logged] == [("head not kept", "webhook")]
    assert (tmp_path / "heads").read_text() == HEAD.line() + "\n"


def test_a_file_that_cannot_be_written_is_logged_and_the_next_head_is_kept_again(
    takehold: Takehold, tmp_path: Path, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/heads").respond_with_data("kept")
    path = tmp_path / "mislaid" / "heads"
    settings = keeping(takehold, heads_file=path, heads_webhook=httpserver.url_for("/heads"))
    with capture_logs() as logged:
        keep_head(settings, HEAD)
    assert [(line["where"], line["error"]) for line in logged] == [("file", "FileNotFoundError")]
    assert len(httpserver.log) == 1
    path.parent.mkdir()
    keep_head(settings, HEAD)
    assert len(path.read_text().splitlines()) == 1


def test_a_head_is_kept_only_once_it_is_recorded(takehold: Takehold, tmp_path: Path, httpserver: HTTPServer) -> None:
    """One that was kept and then rolled back would look like a cut tail for ever."""
    recorded: list[int] = []

    def look(_: Request) -> Response:
        recorded.append(len(signed(takehold)))
        return Response("kept")

    httpserver.expect_request("/heads").respond_with_handler(look)
    tell(takehold.database, fact())
    takehold.settings = keeping(takehold, heads_webhook=httpserver.url_for("/heads"))
    assert sign_if_due(takehold, "default", datetime.now(UTC))
    assert recorded == [1]


def test_an_export_ends_with_a_fresh_head_and_tells_how_far_it_is(takehold: Takehold) -> None:
    tell(takehold.database, *(fact() for _ in range(5)))
    target, told = io.BytesIO(), list[tuple[int, int]]()
    written = export(takehold, "default", target, lambda done, total: told.append((done, total)))
    assert (written.events, written.head.position) == (6, 6)
    assert told == [(done, 6) for done in range(1, 7)]
    assert len(signed(takehold)) == 1
    assert verify_archive(io.BytesIO(target.getvalue()), [written.head]).holds
    again = export(takehold, "default", io.BytesIO())
    assert (again.events, len(signed(takehold))) == (6, 1)


def test_a_workspace_without_events_has_no_export(takehold: Takehold) -> None:
    with pytest.raises(NothingToExport):
        export(takehold, "default", io.BytesIO())
