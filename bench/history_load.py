"""Signed events by the hundred thousand, as three services would have published them; seeded.

A story is seventeen events of five documents, cut from the golden examples; the same seed gives
the same bodies. Several processes sign and produce.
"""

import asyncio
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from uuid import UUID, uuid5

from aiokafka import AIOKafkaProducer

from libs.messages import examples
from libs.messages.base import DocumentChanged, Message
from libs.messages.envelope import envelope_of
from libs.messages.kinds.booking import BookingChanged
from libs.messages.kinds.debit import DebitAgreementChanged
from libs.messages.kinds.payment import PaymentChanged
from libs.messages.kinds.proposal import CargoPolicyChanged, CargoProposalChanged
from libs.messages.kinds.rejections import CommandRejected
from libs.messages.parties import Role
from libs.messages.partners import JSON
from libs.messages.registry import kind_of
from libs.signing import FileSigner, sign_jws
from libs.signing.pki import Authority, Subject

TOPICS = ("booking.events", "policy.events", "payment.events")
PARTITIONS = 6
OWNERS = 50
_SENDERS = ("booking", "policy", "payment")
_START = datetime(2025, 1, 6, 1, 0, tzinfo=UTC)
_SPAN = timedelta(days=700)  # of the first moves of all stories
_BATCH_BYTES = 256 * 1024
_SEED = UUID("6a1d9a3e-6f57-4c1b-9a53-6d1f5c1d3c11")

Headers = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Moves:
    """How a document of a story moves: its first letters, states, and which moves tell the form."""

    model: type[DocumentChanged]
    letters: str
    states: tuple[str, ...]
    told: frozenset[int] = frozenset({1})


_STORY = (
    Moves(BookingChanged, "YY", ("10", "12", "20")),
    Moves(
        CargoProposalChanged,
        "TB",
        ("10", "11", "10", "12", "24", "30", "31", "50"),
        frozenset({1, 3}),
    ),
    Moves(PaymentChanged, "JF", ("30", "32")),
    Moves(CargoPolicyChanged, "PICC.P", ("50",)),
    Moves(DebitAgreementChanged, "SQ", ("10", "20")),
)
EVENTS_A_STORY = sum(len(moves.states) for moves in _STORY) + 1
RECORDS_A_STORY = EVENTS_A_STORY - 1


@dataclass(frozen=True, slots=True)
class Load:
    """How much, and where to; `home` holds keys and the authority's certificate."""

    home: Path
    bootstrap: str
    stories: int
    partitions: int = PARTITIONS

    @property
    def events(self) -> int:
        """How many events that is."""
        return self.stories * EVENTS_A_STORY


def make_keys(home: Path) -> None:
    """An authority, and a key and certificate of each service that is needed."""
    authority = Authority.create()
    (home / "ca.pem").write_bytes(authority.issued.certificate_pem())
    for name in (*_SENDERS, "history"):
        issued = authority.issue(Subject(Role.SERVICE, name, f"单一窗口 {name}"))
        issued.save(home / f"{name}.key", home / f"{name}.pem")


def signers_of(load: Load) -> dict[str, FileSigner]:
    """The services' signers by name."""
    return {
        name: FileSigner.load(load.home / f"{name}.key", load.home / f"{name}.pem")
        for name in _SENDERS
    }


def owner_of(number: int) -> str:
    """One of the companies."""
    return f"91310115MA{number % OWNERS:08d}"


def document_of(letters: str, number: int) -> str:
    """A document's id."""
    return f"{letters}20250106{number:010d}"


def story(number: int, stories: int) -> Iterator[Message]:
    """The events of one story, in order."""
    owner, began = owner_of(number), _START + _SPAN * (number / stories)
    for moves in _STORY:
        full = _given()[moves.model]
        assert isinstance(full, DocumentChanged)  # noqa: S101 - as the table says
        for sequence, status in enumerate(moves.states, 1):
            at = began + timedelta(minutes=sequence)
            yield full.model_copy(
                update={
                    "meta": _meta(full, document_of(moves.letters, number), at, sequence),
                    "sequence": sequence,
                    "from_status": moves.states[sequence - 2] if sequence > 1 else None,
                    "status": status,
                    "owner": owner,
                    "cause": full.cause.model_copy(
                        update={"message_id": _id(f"cause {moves.letters} {number} {sequence}")}
                    ),
                    **({} if sequence in moves.told else {"form": None}),
                }
            )
    refused = _given()[CommandRejected]
    assert isinstance(refused, CommandRejected)  # noqa: S101 - as its key says
    yield refused.model_copy(
        update={
            "meta": _meta(refused, document_of("TB", number), began + timedelta(hours=1), 99),
            "command_id": _id(f"command {number}"),
            "owner": owner,
        }
    )


@cache
def _given() -> dict[type[Message], Message]:
    return {type(message): message for message in examples.messages()}


def _meta(message: Message, document: str, at: datetime, sequence: int) -> object:
    changes = {
        "message_id": _id(f"{document} {sequence}"),
        "document_id": document,
        "created_at": at,
    }
    return message.meta.model_copy(update=changes)


def _id(text: str) -> UUID:
    return uuid5(_SEED, text)


def signed(
    events: Sequence[Message], signers: dict[str, FileSigner]
) -> Iterator[tuple[Message, bytes, Headers]]:
    """Each event with its body and headers."""
    for event in events:
        kind = kind_of(type(event))
        body = kind.codec.encode(event, JSON)
        envelope = envelope_of(event, kind.ce_type, JSON)
        signature = sign_jws(body, signers[event.meta.sender])
        yield event, body, envelope._replace(signature=signature).to_headers()


def produce(load: Load) -> None:
    """Sign and produce all stories, a process a core."""
    parts = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(parts, get_context("spawn")) as pool:
        for _ in pool.map(_produce_part, [load] * parts, range(parts), [parts] * parts):
            pass


def _produce_part(load: Load, part: int, parts: int) -> None:
    asyncio.run(_send(load, part, parts))


async def _send(load: Load, part: int, parts: int) -> None:
    """Batches are made by hand: several times as quick as a send for each event."""
    signers = signers_of(load)
    producer = AIOKafkaProducer(
        bootstrap_servers=load.bootstrap, max_batch_size=_BATCH_BYTES, acks="all", linger_ms=5
    )
    async with producer:
        batches = {
            (name, place): producer.create_batch()
            for name in TOPICS
            for place in range(load.partitions)
        }
        for number in range(part, load.stories, parts):
            for event, body, headers in signed(list(story(number, load.stories)), signers):
                target = (f"{event.meta.sender}.events", number % load.partitions)
                record = {
                    "key": event.meta.document_id.encode(),
                    "value": body,
                    "timestamp": None,
                    "headers": headers,
                }
                if batches[target].append(**record) is None:
                    await producer.send_batch(batches[target], target[0], partition=target[1])
                    batches[target] = producer.create_batch()
                    batches[target].append(**record)
        for (topic, place), batch in batches.items():
            if batch.record_count():
                await producer.send_batch(batch, topic, partition=place)
