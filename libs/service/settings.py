"""Settings of a service, from the environment with prefix `<NAME>_`; what is wrong is told."""

from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MIB = 1024 * 1024


class DatabaseSettings(BaseSettings):
    """Where a service's tables are."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: SecretStr = Field(description="postgresql://login:password@host:port/database")
    database_schema: str = Field(
        "", pattern=r"^[a-z0-9_]*$", description="schema; empty: the login's own search path"
    )
    database_pool_max: int = Field(8, ge=3, le=100, description="connections at most")

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("does not start with postgresql://")
        return value


class ServiceSettings(DatabaseSettings):
    """What every service is told. A service with more to know derives its own class."""

    kafka_bootstrap: str = Field(
        pattern=r"^[^,\s:]+:\d+(,[^,\s:]+:\d+)*$", description="host:port[,host:port…]"
    )
    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_SSL"] = Field(
        "PLAINTEXT", description="PLAINTEXT, SSL or SASL_SSL"
    )
    kafka_ssl_ca: Path | None = Field(None, description="PEM file of the brokers' authority")
    kafka_ssl_cert: Path | None = Field(None, description="PEM file of our client certificate")
    kafka_ssl_key: Path | None = Field(None, description="PEM file of our client key")
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
    )
    kafka_sasl_username: str = Field("", description="login for SASL_SSL")
    kafka_sasl_password: SecretStr = Field(SecretStr(""), description="password for SASL_SSL")
    kafka_group: str = Field("", description="consumer group; empty: the service's name")
    kafka_instance: str = Field(
        "",
        pattern=r"^[a-zA-Z0-9._-]{0,200}$",
        description="lasting name of this instance, no other's: a restarted one has its partitions "
        "back at once; empty: none",
    )
    kafka_session_seconds: float = Field(
        10.0, ge=1, le=300, description="seconds after which a silent member's partitions move"
    )

    key_file: Path = Field(description="PEM file of the service's signing key")
    cert_file: Path = Field(description="PEM file of its certificate")
    key_password: SecretStr | None = Field(None, description="password of the key file")
    trust_ca: Path = Field(description="PEM file or folder of the trusted authorities")
    trust_crl: Path | None = Field(None, description="PEM file of the revocation list")
    recipients: Path | None = Field(
        None, description="folder of partners' certificates to encrypt to, CODE-encryption.pem"
    )
    trust_refresh_seconds: float = Field(
        5.0, gt=0, description="how often changed trust files are looked for"
    )

    http_host: str = Field("127.0.0.1", description="address to listen on")
    http_port: int = Field(ge=0, le=65535, description="port of /livez, /readyz and /metrics")

    batch_records_max: int = Field(2000, ge=1, le=10_000, description="messages taken at once")
    transaction_records_max: int = Field(
        125, ge=1, le=10_000, description="of these, messages a transaction"
    )
    gather_seconds: float = Field(
        0.0, ge=0, le=5, description="seconds between two batches at least: messages gather"
    )
    fetch_bytes_max: int = Field(16 * MIB, ge=MIB, description="bytes a fetch at most")
    fetch_partition_bytes_max: int = Field(
        2 * MIB, ge=1024, description="bytes a partition a fetch"
    )
    body_bytes_max: int = Field(MIB, ge=1024, description="larger messages are dead letters")
    worker_threads: int = Field(1, ge=1, le=32, description="threads that verify and decide")

    relay_rows_max: int = Field(2000, ge=1, le=50_000, description="messages published at once")
    publish_seconds_max: float = Field(
        15.0, gt=0, description="how long the brokers may take before a send counts as failed"
    )
    poll_seconds: float = Field(
        1.0, gt=0, le=60, description="how often the outbox is looked at without being told"
    )
    deferral_seconds_max: float = Field(
        30.0, ge=0, description="how long a message waits for what it needs"
    )
    retry_seconds_max: float = Field(
        5.0, gt=0, description="longest pause between tries while a store is away"
    )
    stall_seconds_max: float = Field(
        60.0, gt=0, description="waiting work without progress for so long: not alive"
    )
    stop_seconds_max: float = Field(20.0, gt=0, description="time to finish a batch when stopping")

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="debug, info, warning or error"
    )
    fault_point: str = Field("", description="tests only: where to die, see libs/service/faults.py")

    @property
    def parameters(self) -> object:
        """What handlers are told of them (`Context.parameters`); None: nothing."""
        return None

    @field_validator("key_file", "cert_file", "trust_ca", "trust_crl", "recipients")
    @classmethod
    def _is_there(cls, value: Path | None) -> Path | None:
        if value is not None and not value.exists():
            raise ValueError(f"there is no {value}")
        return value

    @model_validator(mode="after")
    def _has_login(self) -> "ServiceSettings":
        if self.kafka_security == "SASL_SSL" and not self.kafka_sasl_username:
            raise ValueError("KAFKA_SECURITY=SASL_SSL needs KAFKA_SASL_USERNAME and _PASSWORD")
        return self


Settings = TypeVar("Settings", bound=BaseSettings)


class WrongSettings(Exception):
    """Settings are missing or wrong; `lines` says which, what is wrong, what would be right."""

    def __init__(self, name: str, lines: tuple[str, ...]) -> None:
        self.lines = lines
        super().__init__(f"{name}: wrong settings\n" + "\n".join(f"  {line}" for line in lines))


def load_settings(kind: type[Settings], name: str) -> Settings:
    """The settings of service `name` from the environment. Raises WrongSettings, all at once."""
    prefix = f"{name.upper()}_"
    try:
        return kind(_env_prefix=prefix)
    except ValidationError as error:
        fields = kind.model_fields
        lines = []
        for problem in error.errors(include_input=False, include_url=False):
            field = str(problem["loc"][0]) if problem["loc"] else ""
            wrong = "is not set" if problem["type"] == "missing" else problem["msg"]
            right = fields[field].description if field in fields else None
            hint = f"; should be: {right}" if right else ""
            lines.append(f"{prefix}{field.upper()}: {wrong}{hint}".replace("_: ", ": "))
        raise WrongSettings(name, tuple(lines)) from None
