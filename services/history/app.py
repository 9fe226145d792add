"""The only wiring of history."""

from pathlib import Path

from libs.service import Service
from libs.service.runtime import Runtime
from libs.service.service import AsgiApp
from services.history.access import Gate
from services.history.api import ReadApi
from services.history.projector import Projector
from services.history.settings import HistorySettings
from services.history.streams import Streams


def _applier(runtime: Runtime) -> Projector:
    return Projector()


def _http(runtime: Runtime) -> AsgiApp:
    settings = runtime.settings
    assert isinstance(settings, HistorySettings)  # noqa: S101 - SERVICE names them below
    streams = Streams(runtime.pool, runtime.stop, runtime.log)
    gate = Gate(runtime.trust)
    return ReadApi(runtime.pool, gate, streams, settings.stream_heartbeat_seconds).app()


SERVICE = Service(
    name="history",
    applier=_applier,
    http=_http,
    migrations=Path(__file__).parent / "migrations",
    settings=HistorySettings,
)
