"""Watches every topic and tells each message: from, to, who signed it, how it was verified.

The witness is a reader like any other: it has no access to services or databases, only to
Kafka, to the CA and to the keys of those partners whose messages are encrypted, and it verifies
every signature itself.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from libs.messages.envelope import Envelope
from libs.messages.errors import Malformed
from libs.messages.partners import partner_of_topic
from libs.messages.registry import KINDS
from libs.messages.topics import TOPICS
from libs.signing import TrustStore, Verdict, verify
from libs.signing.encryption import JOSE, Opener, Signed, Unreadable

DOCUMENT_OF_EVENT = {kind.name: kind.document for kind in KINDS.values() if kind.is_event}


@dataclass(frozen=True, slots=True)
class Sighting:
    """One message as seen on a topic."""

    at: datetime
    topic: str
    envelope: Envelope
    title: str  # the kind's Chinese title
    verdict: Verdict
    kind: str  # without prefix and version
    signature: str  # its form and algorithm, e.g. "XMLDSig ecdsa-p256-sha256"


Tell = Callable[[Sighting], None]


@dataclass
class Witness:
    """Reads all topics from the moment it starts; counts and tells what it sees."""

    bootstrap: str
    trust: TrustStore
    tell: Tell
    titles: Mapping[str, str] = field(default_factory=dict)  # titles of partners' kinds by ce_type
    openers: Mapping[str, Opener] = field(default_factory=dict)  # of partners, by code
    counts: Counter[str] = field(default_factory=Counter)  # verified messages by topic
    events: Counter[tuple[str, str]] = field(default_factory=Counter)  # by document kind and id
    refused: list[Sighting] = field(default_factory=list)
    _positions: dict[TopicPartition, int] = field(default_factory=dict)
    _moved: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def start(self) -> None:
        """Take the present end of every topic as the beginning, then watch."""
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, enable_auto_commit=False, fetch_max_wait_ms=50
        )
        await self._consumer.start()
        places = [
            TopicPartition(topic.name, partition)
            for topic in TOPICS.values()
            for partition in range(topic.partitions)
        ]
        self._consumer.assign(places)
        self._begin = await self._consumer.end_offsets(places)
        for place, offset in self._begin.items():
            self._consumer.seek(place, offset)
        self._positions = dict(self._begin)
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Stop watching."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        await self._consumer.stop()

    async def caught_up(self) -> dict[str, int]:
        """Wait until everything published so far was seen; how many messages each topic got."""
        ends = await self.ends()
        async with self._moved:
            await self._moved.wait_for(
                lambda: all(self._positions[place] >= end for place, end in ends.items())
            )
        totals: Counter[str] = Counter()
        for place, end in ends.items():
            totals[place.topic] += end - self._begin[place]
        return dict(totals)

    async def ends(self) -> dict[TopicPartition, int]:
        """Where every partition ends now."""
        found: dict[TopicPartition, int] = await self._consumer.end_offsets(list(self._begin))
        return found

    async def _watch(self) -> None:
        while True:
            batches = await self._consumer.getmany(timeout_ms=200, max_records=200)
            records = sorted(
                (record for batch in batches.values() for record in batch),
                key=lambda record: record.timestamp,
            )
            for sighting in await asyncio.to_thread(self._look, records):
                self.counts[sighting.topic] += 1
                if document := DOCUMENT_OF_EVENT.get(sighting.kind):
                    self.events[document, sighting.envelope.subject] += 1
                self.tell(sighting)
            async with self._moved:
                for place, batch in batches.items():
                    self._positions[place] = batch[-1].offset + 1
                self._moved.notify_all()

    def _look(self, records: list[ConsumerRecord]) -> list[Sighting]:
        seen = []
        for record in records:
            # what is no CloudEvent, or cannot be opened, is missed in the balance
            with suppress(Malformed, Unreadable):
                seen.append(self._sight(record))
        self.refused += [sight for sight in seen if not sight.verdict.trusted]
        return seen

    def _sight(self, record: ConsumerRecord) -> Sighting:
        at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        envelope = Envelope.from_headers(record.headers)
        signed = Signed(record.value or b"", envelope.content_type, envelope.signature)
        hidden = ""
        if signed.content_type == JOSE and (opener := self._opener(record.topic)):
            signed, hidden = opener.open(signed.body), "JWE "
        body, content_type, signature = signed
        verified = verify(body, content_type, signature, self.trust, at)
        kind = KINDS.get(envelope.type)
        return Sighting(
            at,
            record.topic,
            envelope,
            kind.title if kind else self.titles.get(envelope.type, envelope.type),
            verified.verdict,
            kind.name if kind else envelope.type.removeprefix("iso20022."),
            f"{hidden}{'JWS' if signature else 'XMLDSig'} {verified.verdict.suite or ''}".strip(),
        )

    def _opener(self, topic: str) -> Opener | None:
        partner = partner_of_topic(topic)
        return self.openers.get(partner.code) if partner else None
