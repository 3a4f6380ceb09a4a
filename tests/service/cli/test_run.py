"""`takehold serve`, `web`, `worker` and `link`, as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.service.cli.runs import prepare, typed


@pytest.fixture
def no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    # Empty is unset; commands set it for the processes they start, which the next test must not find.
    monkeypatch.setenv("TAKEHOLD_PUBLIC_URL", "")


@pytest.mark.usefixtures("no_address")
@pytest.mark.parametrize("command", ["serve", "web", "worker"])
def test_nothing_runs_without_an_organisation(
    command: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAKEHOLD_DATABASE_URL", database_url)
    monkeypatch.setenv("TAKEHOLD_KEYS_URL", f"sqlite:///{tmp_path / 'keys.db'}")
    done = typed(command)
    assert done.exit_code == 1
    assert done.stderr == "Error: There is no organisation in this database yet. Run: takehold init, or takehold demo\n"


@pytest.mark.parametrize("command", ["serve", "web"])
@pytest.mark.parametrize("port", ["0", "65536", "99999"])
def test_a_port_that_there_is_not_is_refused_in_a_sentence(command: str, port: str) -> None:
    done = typed(command, "--port", port)
    assert done.exit_code == 2
    assert "1<=x<=65535" in done.stderr


@pytest.mark.usefixtures("no_address")
@pytest.mark.parametrize(
    ("words", "address"),
    [
        ((), "http://127.0.0.1:8080"),
        (("--port", "9000"), "http://127.0.0.1:9000"),
        (("--host", "adoption.local", "--port", "80"), "http://adoption.local:80"),
    ],
)
def test_a_link_leads_to_where_the_service_listens(
    words: tuple[str, ...], address: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(database_url, tmp_path, monkeypatch)
    assert typed("link", *words).stdout.startswith(f"{address}/sign-in/")


def test_a_link_begins_with_the_public_address_where_one_is_set(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(database_url, tmp_path, monkeypatch)
    monkeypatch.setenv("TAKEHOLD_PUBLIC_URL", "https://adoption.example.org/")
    assert typed("link", "--port", "9000").stdout.startswith("https://adoption.example.org/sign-in/")
    monkeypatch.setenv("TAKEHOLD_PUBLIC_URL", "")
    (tmp_path / "address").write_text("https://adoption.example.net")
    monkeypatch.setenv("TAKEHOLD_PUBLIC_URL_FILE", str(tmp_path / "address"))
    assert typed("link").stdout.startswith("https://adoption.example.net/sign-in/")
