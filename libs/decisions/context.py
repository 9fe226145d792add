"""What a handler may know besides the record and the message. Nothing here does any I/O."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import count
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid5
from zoneinfo import ZoneInfo

from libs.decisions.records import Record, Records, RecordType
from libs.lifecycle import Reason
from libs.messages.base import Cause, Meta, Model
from libs.messages.parties import Role

if TYPE_CHECKING:
    from libs.decisions.decision import Decision

BEIJING = ZoneInfo("Asia/Shanghai")
Body = TypeVar("Body", bound=Model)
Parameters = TypeVar("Parameters")


class NotYet(Exception):
    """What this message needs has not arrived here yet.

    The chassis keeps the message and tries again with growing pauses; when that has lasted
    `Settings.deferral_seconds_max` the chassis carries out `otherwise`, or without it rejects
    the message with `reason`. Only for messages that open a document: while one waits, later
    messages of the same document are not held back.
    """

    def __init__(
        self, reason: Reason, /, *, otherwise: "Decision | None" = None, **params: object
    ) -> None:
        self.reason = reason
        self.params = params
        self.otherwise = otherwise
        super().__init__(f"{reason.code}: {reason.text('en', **params)}")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who signed the message, as the certificate says."""

    role: Role
    party: str  # USCC, partner code or service name
    name: str  # enterprise or partner name
    holder: str = ""  # the person a card belongs to
    card: str = ""  # card number

    @property
    def label(self) -> str:
        """How status records name this party."""
        return f"{self.name}（{self.holder}）" if self.holder else self.name or self.party


@dataclass(frozen=True)
class Context:
    """One message's surroundings.

    `now` is the broker's time of the message, so that deciding again decides the same.
    """

    service: str
    actor: Actor
    now: datetime
    cause: Cause
    topic: str
    records: Records
    given: object = None  # what the settings say to handlers
    _serial: Iterator[int] = field(default_factory=count)

    def read(self, type: RecordType[Body], id: str) -> Record[Body] | None:
        """A record of the handler's `reads` or `follows`. Raises KeyError for any other."""
        return self.records[type.ref(id)]

    def parameters(self, kind: type[Parameters]) -> Parameters:
        """What the service's settings say, as `kind`; its defaults when they say nothing.

        Raises TypeError when they say something else.
        """
        given = kind() if self.given is None else self.given
        if not isinstance(given, kind):
            raise TypeError(f"the settings give {type(given).__name__}, not {kind.__name__}")
        return given

    @property
    def today(self) -> date:
        """The date in Beijing."""
        return self.now.astimezone(BEIJING).date()

    def on_behalf_of(self, actor: Actor) -> "Context":
        """The same message, told as the deed of `actor`: whom the signer reports about."""
        return replace(self, actor=actor)

    def meta(self, document_id: str) -> Meta:
        """The head of the next message that this decision emits; ids are repeatable."""
        return Meta(
            message_id=uuid5(
                # the digest, so that nobody can bring about our ids by choosing a message id
                self.cause.message_id,
                f"{self.service}:{self.cause.digest}:{next(self._serial)}",
            ),
            document_id=document_id,
            sender=self.service,
            created_at=self.now.astimezone(UTC),
            in_reply_to=self.cause.message_id,
        )
