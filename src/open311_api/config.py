"""The settings of one process, read once from OPEN311_* variables and passed on."""

from __future__ import annotations

from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _default_data_dir() -> Path:
    """``var/`` beside pyproject.toml in a checkout, a folder of the user's elsewhere."""
    top = Path(__file__).resolve().parents[2]
    if (top / "pyproject.toml").is_file():
        return top / "var"
    return Path.home() / ".local" / "share" / "open311-api"


class Settings(BaseSettings):
    """Every setting of the server; ``docs/guides/operator.md`` lists them for operators."""

    model_config = SettingsConfigDict(env_prefix="OPEN311_", extra="ignore", frozen=True, env_ignore_empty=True)

    env: Literal["development", "production"] = Field("development", description="production refuses demo keys and missing secrets")
    database_url: str | None = Field(None, description="postgresql://… ; unset: a private cluster in the data folder")
    read_database_url: str | None = Field(None, description="a replica for exports; unset: the database URL")
    listen_database_url: str | None = Field(
        None, description="for LISTEN, which does not pass a transaction pooler; unset: the database URL"
    )
    public_url: str = Field("", description="start of every absolute URL this server writes; unset: http, the host and the port")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on")
    web_workers: int = Field(1, ge=1, le=64, description="web processes")
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="addresses or networks whose X-Forwarded-For is believed, comma-separated"
    )
    data_dir: Path = Field(default_factory=_default_data_dir, description="private cluster, keys of the demo, media")
    secret_keys: str | None = Field(None, description="id:base64 of 32 bytes, comma-separated; the first writes, all read")

    log_format: Literal["json", "console"] = Field("json", description="json lines, or text for people")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least important line that is written")
    access_log: bool = Field(True, description="one line for each answer")
    cache_mebibytes: int = Field(128, ge=1, le=65536, description="memory for rendered documents, each web process")
    pool_size: int = Field(8, ge=1, le=200, description="database connections of each web process")
    rate_anonymous: int = Field(600, ge=1, description="requests a minute for one address without a key")
    rate_key: int = Field(6000, ge=1, description="requests a minute for one key")
    rate_limit_loopback: bool = Field(True, description="count loopback addresses too (the demo switches this off)")
    cors_post_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        ("*",), description="origins whose pages may POST, comma-separated; * for all"
    )
    metrics_allow: Annotated[tuple[str, ...], NoDecode] = Field(
        ("127.0.0.0/8", "::1/128"), description="networks that may read /metrics, comma-separated"
    )
    public_reads: bool = Field(True, description="false: GeoReport reads need a key too")
    jsonp: bool = Field(False, description="answer ?callback= with JavaScript")
    max_body_bytes: int = Field(1024 * 1024, ge=1024, description="largest form or JSON body")
    head_seconds: float = Field(15.0, gt=0, description="longest time for the address and headers of a request to arrive")
    request_seconds: float = Field(10.0, gt=0, description="longest time for a body to arrive, and for an ordinary answer")
    statement_seconds: float = Field(5.0, gt=0, description="longest time for one SQL statement of a web process")

    @model_validator(mode="before")
    @classmethod
    def _own_address(cls, values: dict[str, object]) -> dict[str, object]:
        """Without a public URL, absolute URLs name the address that is listened on."""
        if values.get("public_url"):
            return values
        host = str(values.get("host") or "127.0.0.1")
        reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 names, not a bind
        return {**values, "public_url": f"http://{reachable}:{values.get('port') or 8000}"}

    @field_validator("trusted_proxies", "cors_post_origins", "metrics_allow", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("trusted_proxies", "metrics_allow")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for part in value:
            ip_network(part, strict=False)
        return value

    @field_validator("public_url")
    @classmethod
    def _absolute(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
            raise ValueError("must be an absolute http or https address without query, such as https://311.city.example")
        return value.rstrip("/")

    @field_validator("database_url", "read_database_url", "listen_database_url")
    @classmethod
    def _postgresql(cls, value: str | None) -> str | None:
        if value is None:
            return None
        scheme, separator, rest = value.partition("://")
        if not separator or scheme.split("+")[0] not in ("postgresql", "postgres"):
            raise ValueError("must look like postgresql://user:password@host:5432/name")
        return f"postgresql://{rest}"

    @property
    def read_url(self) -> str | None:
        return self.read_database_url or self.database_url

    @property
    def listen_url(self) -> str | None:
        return self.listen_database_url or self.database_url

    @cached_property
    def metrics_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        return tuple(ip_network(part, strict=False) for part in self.metrics_allow)

    @cached_property
    def proxy_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        return tuple(ip_network(part, strict=False) for part in self.trusted_proxies)
