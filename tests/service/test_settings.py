"""Settings: what is said in code goes before the environment, and the environment before the files it names."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic_settings import SettingsError

from service.settings import Settings


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine the tests run on."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"TAKEHOLD_{name.upper()}", raising=False)
        monkeypatch.delenv(f"TAKEHOLD_{name.upper()}_FILE", raising=False)


def test_everything_has_a_default_and_says_what_it_is_for() -> None:
    Settings()
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_environment_goes_before_defaults_and_arguments_before_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAKEHOLD_SMTP_PORT", "2525")
    assert Settings().smtp_port == 2525
    assert Settings(smtp_port=26).smtp_port == 26


def test_a_setting_may_be_kept_in_a_file_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = tmp_path / "smtp"
    secret.write_text("hunter2\n")
    (tmp_path / "port").write_text("2525")
    monkeypatch.setenv("TAKEHOLD_SMTP_PASSWORD_FILE", str(secret))
    monkeypatch.setenv("TAKEHOLD_SMTP_PORT_FILE", str(tmp_path / "port"))
    settings = Settings()
    assert settings.smtp_password
    assert (settings.smtp_password.get_secret_value(), settings.smtp_port) == ("hunter2", 2525)
    monkeypatch.setenv("TAKEHOLD_SMTP_PASSWORD", "beside")
    beside = Settings().smtp_password
    assert beside
    assert beside.get_secret_value() == "beside"


def test_a_file_that_is_not_there_is_an_error_not_an_empty_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TAKEHOLD_SMTP_PASSWORD_FILE", str(tmp_path / "nothing"))
    with pytest.raises(SettingsError, match="smtp_password"):
        Settings()


def test_a_password_is_not_shown_when_settings_are() -> None:
    assert "hunter2" not in repr(Settings(smtp_password="hunter2"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("smtp_port", "0"),
        ("smtp_port", "65536"),
        ("smtp_security", "maybe"),
        ("log_level", "loud"),
        ("usage_retention_days", "0"),
        ("usage_retention_days", "401"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"TAKEHOLD_{name.upper()}", value)
    with pytest.raises(ValidationError, match=name):
        Settings()


def test_settings_are_not_altered_while_the_service_runs() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().smtp_port = 26  # type: ignore[misc]


@pytest.mark.parametrize(
    ("database", "keys"),
    [
        ("sqlite:///takehold.db", "sqlite:///takehold.keys.db"),
        ("sqlite:////var/lib/takehold/main.db", "sqlite:////var/lib/takehold/main.keys.db"),
        ("sqlite:///takehold.sqlite", "sqlite:///takehold.sqlite.keys.db"),
    ],
)
def test_beside_a_sqlite_file_the_keys_have_a_file_of_their_own(database: str, keys: str) -> None:
    assert Settings(database_url=database).keys == keys
    assert Settings(database_url=database, keys_url="sqlite:///elsewhere.db").keys == "sqlite:///elsewhere.db"


def test_with_postgresql_somebody_has_to_say_where_keys_are_kept() -> None:
    with pytest.raises(ValueError, match="TAKEHOLD_KEYS_URL"):
        _ = Settings(database_url="postgresql://localhost/takehold").keys


@pytest.mark.parametrize("url", ["sqlite:///takehold.db", "postgresql://localhost/takehold"])
def test_keys_are_never_kept_in_the_store_they_open(url: str) -> None:
    """One backup would hold both, and a writer would wait for the lock that it holds itself."""
    with pytest.raises(ValueError, match="apart"):
        _ = Settings(database_url=url, keys_url=url).keys
