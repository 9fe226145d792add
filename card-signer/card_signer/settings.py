"""Settings: the environment (CARD_SIGNER_…) over a TOML file over what stands here."""

from pathlib import Path
from typing import Annotated, Literal

from platformdirs import user_config_path, user_state_path
from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

NAME = "tongbao-card-signer"
FILE = user_config_path(NAME) / "card-signer.toml"
PREFIX = "CARD_SIGNER_"
PORT = 61232  # the official control's


def _origin(text: str) -> str:
    scheme, _, rest = text.partition("://")
    if scheme not in {"https", "http"} or not rest or "/" in rest or "*" in rest:
        raise ValueError("an origin is scheme://host or scheme://host:port, nothing behind it")
    return text


Origin = Annotated[str, AfterValidator(_origin)]


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid")

    origins: frozenset[Origin] = Field(frozenset(), description="sites that may use the card")
    port: int = Field(PORT, ge=0, le=65535, description="port on 127.0.0.1")
    cards: Path | None = Field(None, description="folder of software cards (development)")
    readers: bool = Field(True, description="look for cards in PC/SC readers")
    pkcs11: Path | None = Field(None, description="PKCS#11 module of a token's maker")
    skf: Path | None = Field(None, description="a token's library of GM/T 0016 (SKF)")
    answer_seconds: float = Field(120.0, gt=0, description="how long the user may take")
    a_minute: int = Field(30, ge=1, description="operations a minute a site may ask")
    consent: Literal["auto", "window", "terminal"] = Field(
        "auto", description="where to ask; auto: in a window if there is a desktop"
    )
    terminal: str = Field("/dev/tty", description="terminal to ask in")
    trust: Path | None = Field(
        None, description="authorities' certificates: PEM or DER file or folder"
    )
    revocations: Path | None = Field(
        None, description="their revocation lists: PEM or DER file or folder; needs trust"
    )
    seals: Path | None = Field(
        None, description="electronic seals (GB/T 38540): a DER file, or a folder of *.esl"
    )
    seal_makers: Path | None = Field(
        None, description="certificates of who may make seals: PEM or DER file or folder"
    )
    state: Path = Field(user_state_path(NAME), description="folder of the lock")

    @field_validator("revocations")
    @classmethod
    def _have_authorities(cls, lists: Path | None, info: ValidationInfo) -> Path | None:
        if lists is not None and info.data.get("trust") is None:
            raise ValueError("set trust too, or nobody knows whose lists they are")
        return lists

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=FILE)


class WrongSettings(Exception):
    """Settings that cannot be used: all of them, one a line."""


def load(**given: object) -> Settings:
    """The settings. Raises WrongSettings that names each wrong one, without its value."""
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = (
            f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}"
            for each in error.errors(include_input=False)
        )
        raise WrongSettings("\n".join(lines)) from None
    except ValueError as error:  # the file is no TOML
        raise WrongSettings(f"{FILE}: {error}") from None
