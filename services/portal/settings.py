"""Settings of the portal: environment variables that begin with PORTAL_."""

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from libs.service.settings import ServiceSettings


class PortalSettings(ServiceSettings):
    """Besides what every service has: where it stands, whom it asks, how long logins last."""

    model_config = SettingsConfigDict(env_prefix="PORTAL_")

    origin: str = Field(description="the portal's own address as companies see it, scheme://host")
    history_url: str = Field(description="http://host:port of history's read API")
    object_store: str = Field(description="file:///folder or s3://bucket/prefix")
    session_minutes: float = Field(30, gt=0, le=24 * 60, description="how long a login lasts")
    challenge_seconds: float = Field(120, gt=0, le=3600, description="time to sign a challenge")
    publish_seconds_max: float = Field(
        10, gt=0, le=120, description="how long the brokers' word is waited for"
    )

    @field_validator("origin", "history_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError("is no http:// or https:// address")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError("holds more than scheme, host and port")
        return f"{parts.scheme}://{parts.netloc}"

    @field_validator("object_store")
    @classmethod
    def _is_store(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme == "file" and not Path(parts.path).is_absolute():
            raise ValueError("a file store needs an absolute path: file:///folder")
        if parts.scheme not in ("file", "s3"):
            raise ValueError("is no file:// or s3:// address")
        return value
