"""A message on its way in: as it came, and what verification made of it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from libs.messages.base import Message
from libs.messages.envelope import Envelope
from libs.messages.errors import FieldError
from libs.messages.registry import Kind
from libs.signing import Identity, Verdict

UNEXPECTED = "UNEXPECTED"  # the reason of a dead letter that broke our own code
_LARGE_BYTES = 256 * 1024


@dataclass(frozen=True)
class Incoming:
    """One Kafka record, untouched. `stamped_at` is the broker's time of it."""

    topic: str
    partition: int
    offset: int
    stamped_at: datetime
    key: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    body: bytes

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the body, hex."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def place(self) -> dict[str, str | int]:
        """Where it is, for logs."""
        return {"topic": self.topic, "partition": self.partition, "offset": self.offset}


@dataclass(frozen=True)
class Accepted:
    """A message that is verified, permitted and decoded."""

    source: Incoming
    envelope: Envelope
    kind: Kind
    message: Message
    verdict: Verdict
    signer: Identity

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same message again: sender and message id."""
        return self.envelope.source, str(self.envelope.id)

    @property
    def raw(self) -> bytes:
        """The signed bytes."""
        return self.source.body

    @property
    def topic(self) -> str:
        """The topic it came by."""
        return self.source.topic

    @property
    def partition(self) -> int:
        """The partition it came by."""
        return self.source.partition

    @property
    def offset(self) -> int:
        """Its offset there."""
        return self.source.offset

    @property
    def timestamp(self) -> datetime:
        """The broker's time of it; signatures are judged by this."""
        return self.source.stamped_at


@dataclass(frozen=True)
class Dead:
    """A message that can never work, and why."""

    source: Incoming
    reason: str  # of libs.messages.errors.REASONS, of a Rejected, or UNEXPECTED
    detail: str = ""
    errors: tuple[FieldError, ...] = ()
    sender: str | None = None  # verified only when the reason came after verification
    message_id: str | None = None
    ce_type: str | None = None

    @property
    def is_large(self) -> bool:
        """Whether storing it takes so long that others should not wait for it."""
        return len(self.source.body) >= _LARGE_BYTES
