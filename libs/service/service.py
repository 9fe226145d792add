"""What a service is to the chassis: one value that says everything; nothing runs here."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from libs.decisions import AnyRecordType, Handlers
from libs.messages.registry import KINDS, Kind
from libs.messages.topics import TOPICS, Topic
from libs.service.incoming import Accepted
from libs.service.settings import ServiceSettings

if TYPE_CHECKING:
    from libs.service.db import Connection
    from libs.service.runtime import Runtime

Scope = MutableMapping[str, Any]
AsgiApp = Callable[
    [Scope, Callable[[], Awaitable[Scope]], Callable[[Scope], Awaitable[None]]], Awaitable[None]
]


class Applier(Protocol):
    """What to do with accepted messages, in place of handlers (history: projections)."""

    async def apply(self, connection: "Connection", batch: Sequence[Accepted]) -> None:
        """Store what `batch` says, on a connection inside the batch's transaction.

        The chassis keeps no inbox for an applier: it must drop what it has seen by keys of its own.
        An error that the database did not cause makes the chassis look for the one message that
        did, by halves; that one becomes a dead letter.
        """


@dataclass(frozen=True)
class Service:
    """One service. Its topics are those rows of `topics` whose consumers name it."""

    name: str
    handlers: Handlers = field(default_factory=Handlers)
    records: tuple[AnyRecordType, ...] = ()
    migrations: Path | None = None  # folder of the service's own *.sql
    kinds: Mapping[str, Kind] = field(default_factory=lambda: KINDS)
    settings: type[ServiceSettings] = ServiceSettings
    topics: Mapping[str, Topic] = field(default_factory=lambda: TOPICS)
    applier: "Callable[[Runtime], Applier] | None" = None
    http: "Callable[[Runtime], AsgiApp] | None" = None  # served beside /livez, /readyz, /metrics
    sessions: bool = False  # whether it keeps logins: tables of libs.service.sessions

    @property
    def consumed(self) -> tuple[str, ...]:
        """The topics this service reads."""
        return tuple(row.name for row in self.topics.values() if self.name in row.consumers)

    @property
    def wanted(self) -> frozenset[str] | None:
        """Kinds (CloudEvents types) it acts on; None: all."""
        if self.applier is not None:
            return None
        models = self.handlers.messages
        return frozenset(ce_type for ce_type, kind in self.kinds.items() if kind.model in models)
