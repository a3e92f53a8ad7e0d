"""What the environment tells a process: read once, typed, by the composition roots only."""

from __future__ import annotations

from functools import cache
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Environment variables of a process, without prefix; a missing one is named in the error.

    `database_url` (laptop, tests) or `database_secret_id` (AWS: a Secrets Manager secret with host, port, username,
    password and dbname) tells where PostgreSQL is. `key_secret_id` names the secret from which codes are derived.

    `sms_gateway` chooses who carries text messages; for Solapi, `solapi_secret_id` names a secret with apiKey and
    apiSecret, and `sender_number` is the number registered there, digits only. `mail_from` is the sender of e-mail,
    with or without a display name, `mail_events` the configuration set of SES that reports on it, and `app_url` the
    page from which the app is installed. `months_kept` is how many months of calls and messages are kept behind the
    present one.
    """

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    stage: Literal["local", "test", "production"] = "production"
    database_url: SecretStr | None = None
    database_secret_id: str | None = None
    key_secret_id: str | None = None
    secret_key: SecretStr | None = None
    bucket: str = ""
    queue_urls: dict[str, str] = Field(default_factory=dict)
    web_origins: tuple[str, ...] = ()
    log_level: str = "INFO"
    sms_gateway: Literal["sns", "solapi"] = "sns"
    solapi_secret_id: str | None = None
    solapi_url: str = "https://api.solapi.com"
    sender_number: str = ""
    mail_from: str = ""
    mail_events: str | None = None
    app_url: str = ""
    months_kept: int = Field(default=13, ge=4, le=60)


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
