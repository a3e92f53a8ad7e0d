"""What the environment tells a process: read once, typed, by the composition roots only."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bizcall import networks


class Settings(BaseSettings):
    """Environment variables of a process, without prefix; a missing one is named in the error.

    `database_url` (laptop, tests) or `database_secret_id` (AWS: a Secrets Manager secret with host, port, username,
    password and dbname) tells where PostgreSQL is. `key_secret_id` names the secret from which codes are derived.
    With `origin_secret_id` only requests that carry one of `origin_secrets` are answered, the texts of its
    `origin_secret_versions`: what stands before the API adds it.

    `sms_gateway` chooses who carries text messages; for Solapi, `solapi_secret_id` names a secret with apiKey and
    apiSecret, and `sender_number` is the number registered there, digits only. `mail_from` is the sender of e-mail,
    with or without a display name, `mail_events` the configuration set of SES that reports on it, and `app_url` the
    page from which the app is installed. `months_kept` is how many months of calls and messages are kept behind the
    present one. `site_url` is the administrators' web page and `manual_url` where their manual is downloaded; both
    stand in the welcome message.

    `session_idle_minutes` is how long a session may lie unused (S2).

    `exempt_networks` are CIDR texts, parted by commas in the environment: no bound per address holds for what comes
    from there, be it a laptop itself or the customer centre. `operator_networks`, in the same form, are those from
    which alone operators may come; without any, from anywhere. `metrics_namespace` is where CloudWatch counts what is
    done.
    """

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    stage: Literal["local", "test", "production"] = "production"
    database_url: SecretStr | None = None
    database_secret_id: str | None = None
    key_secret_id: str | None = None
    secret_key: SecretStr | None = None
    origin_secret_id: str | None = None
    origin_secret_versions: Annotated[tuple[str, ...], NoDecode] = ()
    origin_secrets: tuple[SecretStr, ...] = ()
    bucket: str = ""
    queue_urls: dict[str, str] = Field(default_factory=dict)
    web_origins: tuple[str, ...] = ()
    exempt_networks: Annotated[tuple[str, ...], NoDecode] = ()
    operator_networks: Annotated[tuple[str, ...], NoDecode] = ()
    log_level: str = "INFO"
    metrics_namespace: str = "bizcall"
    sms_gateway: Literal["sns", "solapi"] = "sns"
    solapi_secret_id: str | None = None
    solapi_url: str = "https://api.solapi.com"
    sender_number: str = ""
    mail_from: str = ""
    mail_events: str | None = None
    app_url: str = ""
    site_url: str = ""
    manual_url: str = ""
    months_kept: int = Field(default=13, ge=4, le=60)
    session_idle_minutes: int = Field(default=30, ge=10, le=60)

    @property
    def session_idle(self) -> timedelta:
        """How long a session may lie unused."""
        return timedelta(minutes=self.session_idle_minutes)

    @field_validator("origin_secret_versions", mode="before")
    @classmethod
    def _versions(cls, given: Any) -> tuple[str, ...]:
        parts = given.split(",") if isinstance(given, str) else given
        return tuple(part.strip() for part in parts if part.strip())

    @field_validator("exempt_networks", "operator_networks", mode="before")
    @classmethod
    def _networks(cls, given: Any) -> tuple[str, ...]:
        parts = given.split(",") if isinstance(given, str) else given
        found = tuple(str(networks.network(part.strip())) for part in parts if part.strip())
        if given and not found:
            # Read as no networks, what was meant to keep operators in would let them come from anywhere.
            raise ValueError("names no network")
        return found


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
