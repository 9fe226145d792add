"""The HANDLERS table of a service: which pure function decides which message kind."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from libs.decisions.decision import Decision
from libs.decisions.records import AnyRecordType, Ref
from libs.messages.base import Message

Decide = Callable[..., Decision]  # (record | None, message, Context) -> Decision
Refs = Callable[[Any], Iterable[Ref]]  # of a message, or of the record it is about


@dataclass(frozen=True, slots=True)
class Handler:
    """One row: for messages of `message`, load what it needs, then `decide`.

    Loaded are the record of `on` with the id `key(message)`, all of `reads(message)`, and, when
    that record exists, all of `follows(record)`.
    """

    message: type[Message]
    on: AnyRecordType | None
    key: Callable[[Any], str]
    reads: Refs
    decide: Decide
    follows: Refs


@dataclass(frozen=True, slots=True)
class TimerHandler:
    """One row: when timer `name` of a record of `on` is due, `decide(record, None, Context)`."""

    name: str
    on: AnyRecordType
    decide: Decide


def _document_id(message: Message) -> str:
    return message.meta.document_id


def _nothing(_: object) -> Iterable[Ref]:
    return ()


@dataclass(frozen=True)
class Handlers:
    """The table of a service, filled by decorators at import."""

    messages: dict[type[Message], Handler] = field(default_factory=dict)
    timers: dict[tuple[str, str], TimerHandler] = field(default_factory=dict)

    def handles(
        self,
        message: type[Message],
        *,
        on: AnyRecordType | None = None,
        key: Callable[[Any], str] = _document_id,
        reads: Refs = _nothing,
        follows: Refs = _nothing,
    ) -> Callable[[Decide], Decide]:
        """Register the decorated function for `message`. A second one for a kind is an error."""

        def register(decide: Decide) -> Decide:
            if message in self.messages:
                raise ValueError(f"two handlers for {message.__name__}")
            self.messages[message] = Handler(message, on, key, reads, decide, follows)
            return decide

        return register

    def on_timer(self, name: str, *, on: AnyRecordType) -> Callable[[Decide], Decide]:
        """Register the decorated function for a timer of records of type `on`."""

        def register(decide: Decide) -> Decide:
            if (on.name, name) in self.timers:
                raise ValueError(f"two handlers for timer {name} of {on.name}")
            self.timers[on.name, name] = TimerHandler(name, on, decide)
            return decide

        return register

    def kinds(self) -> Mapping[str, Handler]:
        """Handlers by kind name."""
        return {message.__name__: handler for message, handler in self.messages.items()}
