"""Settings of history: environment variables that begin with HISTORY_."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from libs.service.settings import ServiceSettings


class HistorySettings(ServiceSettings):
    """Besides what every service has: how streams are kept, how a rebuild works."""

    model_config = SettingsConfigDict(env_prefix="HISTORY_")

    gather_seconds: float = Field(  # nothing waits for it but pages, and a batch costs as a message
        0.1, ge=0, le=5, description="seconds between two batches at least: messages gather"
    )
    stream_heartbeat_seconds: float = Field(
        15.0, gt=0, le=60, description="seconds after which a silent stream shows that it lives"
    )
    rebuild_workers: int = Field(
        0, ge=0, le=64, description="processes of a rebuild; 0: as many as cores"
    )
    rebuild_records_max: int = Field(
        2000, ge=1, le=10_000, description="messages a transaction of a rebuild"
    )
