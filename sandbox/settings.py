"""Settings of a sandbox process, from environment variables SANDBOX_*."""

from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "SANDBOX_"


class SettingsWrong(Exception):
    """The settings cannot be used; the text names every variable and its fault."""


class Settings(BaseSettings):
    """What a counterparty needs to run."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    kafka_bootstrap: str = Field(min_length=1)
    key_file: Path
    cert_file: Path
    trust_ca: Path
    trust_crl: Path | None = None
    decryption_key_file: Path | None = None  # for a partner whose requests are encrypted
    store: Path  # a SQLite file, made when missing
    control_port: int = Field(ge=1, le=65535)

    @classmethod
    def load(cls) -> Self:
        """Read the environment. Raises SettingsWrong."""
        try:
            return cls()
        except ValidationError as error:
            faults = (
                f"{PREFIX}{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}"
                for e in error.errors(include_input=False)
            )
            raise SettingsWrong("\n".join(faults)) from None
