"""Settings are data: name, default, help. The environment is read here and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from notifiers.mail import Security

_PREFIX = "TAKEHOLD_"
LONGEST_RETENTION_DAYS = 400


class Settings(BaseSettings):
    """Every setting; each is read from `TAKEHOLD_<NAME>`, or from the file that `TAKEHOLD_<NAME>_FILE` names."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_ignore_empty=True, extra="ignore", frozen=True)

    database_url: str = Field(default="sqlite:///takehold.db", description="Where events and read models are kept.")
    keys_url: str | None = Field(
        default=None,
        description="Where encryption keys are kept, apart from the data they open. Default: takehold.keys.db beside a "
        "SQLite database; required with PostgreSQL.",
    )
    public_url: str = Field(
        default="http://127.0.0.1:8080",
        description="Address people reach the pages at; every link in a message is built on it.",
    )
    smtp_host: str | None = Field(
        default=None, description="Mail server. Without one, mail lands in the local mailbox page."
    )
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Port of the mail server.")
    smtp_security: Security = Field(
        default="starttls",
        description="How the mail connection is secured: starttls, tls, none.",
    )
    smtp_user: str | None = Field(default=None, description="User name at the mail server, if it asks for one.")
    smtp_password: SecretStr | None = Field(default=None, description="Password at the mail server.")
    mail_from: str = Field(default="takehold@localhost", description="Address that messages come from.")
    without_mail_server: Literal["mailbox", "console"] = Field(
        default="mailbox",
        description="Where mail goes while there is no mail server: mailbox (a page) or console (the worker's output).",
    )
    slack_base: str = Field(
        default="https://hooks.slack.com/",
        description="Prefix that Slack channel targets must have, so that nobody points the service at another host.",
    )
    usage_retention_days: int = Field(
        default=35,
        ge=1,
        le=LONGEST_RETENTION_DAYS,
        description="How long observations are kept one by one, in days, and how old one may be when an app sends it; "
        "imports may be older. What they say of each day is kept for ever.",
    )
    heads_file: Path | None = Field(
        default=None,
        description="File that signed heads of the log are appended to, one line of JSON each. Keep it where whoever "
        "can write the database cannot.",
    )
    heads_webhook: str | None = Field(
        default=None, description="Address outside that signed heads of the log are posted to, as JSON."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        description="How much is logged: debug, info, warning, error.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then the files that the environment names."""
        return (init_settings, env_settings, _FileSource(settings_cls))

    @property
    def keys(self) -> str:
        """URL of the key store. Raises ValueError where it cannot be guessed, or is the store that the keys open."""
        if self.keys_url == self.database_url:
            raise ValueError("keys beside what they open erase nothing, and a backup would hold both; keep them apart")
        if self.keys_url:
            return self.keys_url
        if self.database_url.startswith("sqlite:///"):
            return self.database_url.removesuffix(".db") + ".keys.db"
        raise ValueError("with PostgreSQL, say where keys are kept: TAKEHOLD_KEYS_URL or --keys")


class _FileSource(EnvSettingsSource):
    """`TAKEHOLD_SMTP_PASSWORD_FILE=/run/secrets/smtp` reads the secret from there."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        path = self.env_vars.get(f"{_PREFIX}{field_name}_file".lower())
        value = Path(path).read_text().strip() if path else None
        return value, field_name, False
