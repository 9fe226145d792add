"""What lies on the topics: every record of a stretch, by what it is and whom it is about."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import orjson
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from libs.messages.partners import partner_of_topic
from libs.messages.topics import TOPICS
from libs.signing.encryption import JOSE, Opener, Unreadable

Place: TypeAlias = TopicPartition  # aiokafka has no types
_RECORDS = 2000


@dataclass
class Ordered:
    """A document's events as they lie on its partition: first sightings, repeats apart."""

    sequences: list[int] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    bodies: dict[int, bytes] = field(default_factory=dict)
    contradictions: int = 0  # a repeat whose bytes differ

    def see(self, sequence: int, status: str, digest: bytes) -> None:
        """Take in one record."""
        if sequence not in self.bodies:
            self.sequences.append(sequence)
            self.statuses.append(status)
            self.bodies[sequence] = digest
        elif self.bodies[sequence] != digest:
            self.contradictions += 1

    @property
    def is_whole(self) -> bool:
        """No gap, no reorder, no contradiction."""
        return self.sequences == list(range(1, len(self.sequences) + 1)) and not self.contradictions


@dataclass
class Books:
    """Unique messages by topic and kind, and documents' events in their order."""

    openers: Mapping[str, Opener] = field(default_factory=dict)  # by partner code
    records: Counter[str] = field(default_factory=Counter)  # by topic, repeats included
    unique: Counter[str] = field(default_factory=Counter)  # by topic
    about: dict[tuple[str, str], Counter[str]] = field(  # topic, ce_type: subject: messages
        default_factory=lambda: defaultdict(Counter)
    )
    events: dict[str, Ordered] = field(default_factory=lambda: defaultdict(Ordered))  # subject
    # by topic: messages under the id of another; our ids are repeatable, so a command that is
    # decided twice shows like this
    reused: Counter[str] = field(default_factory=Counter)
    _seen: dict[tuple[str, bytes, bytes], bytes] = field(default_factory=dict)

    def see(self, record: ConsumerRecord) -> None:
        """Take in one record."""
        headers = dict(record.headers)
        kind = headers.get("ce_type", b"").decode()
        subject = headers.get("ce_subject", b"").decode(errors="replace")
        self.records[record.topic] += 1
        digest = hashlib.sha256(self._inside(record)).digest()
        if record.topic.endswith(".events") and "ce_status" in headers:
            sequence = int(orjson.loads(record.value)["sequence"])
            status = headers["ce_status"].decode()
            self.events[subject].see(sequence, status, digest)
        self._count(record.topic, kind, subject, headers, digest)

    def _inside(self, record: ConsumerRecord) -> bytes:
        """What is compared: a message that is sent again is encrypted anew."""
        partner = partner_of_topic(record.topic)
        opener = self.openers.get(partner.code) if partner else None
        if opener is None or dict(record.headers).get("content-type") != JOSE.encode():
            return bytes(record.value)
        try:
            return opener.open(record.value).body
        except Unreadable:  # nonsense that a test put there
            return bytes(record.value)

    def _count(
        self, topic: str, kind: str, subject: str, headers: Mapping[str, bytes], digest: bytes
    ) -> None:
        key = topic, headers.get("ce_source", b""), headers.get("ce_id", b"")
        if key not in self._seen:
            self._seen[key] = digest
            self.unique[topic] += 1
        elif "ce_id" in headers and self._seen[key] != digest:
            self.reused[topic] += 1
        else:
            return
        self.about[topic, kind][subject] += 1

    @property
    def signatures(self) -> int:
        """Signatures made: one a message, however many topics it travels by."""
        return len({(source, number) for _, source, number in self._seen})

    @property
    def verifications(self) -> int:
        """Signatures verified: by each reader of a topic, and by the portal at its door."""
        return sum(
            count * (len(TOPICS[topic].consumers) + ("portal" in TOPICS[topic].producers))
            for topic, count in self.unique.items()
        )

    def of(self, topic: str, kind: str) -> Counter[str]:
        """Unique messages of a kind on a topic, by what they are about."""
        return self.about.get((topic, kind), Counter())


def _consumer(bootstrap: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, fetch_max_wait_ms=50
    )


async def ends(bootstrap: str) -> dict[Place, int]:
    """Where every partition ends now."""
    async with _consumer(bootstrap) as consumer:
        found: dict[Place, int] = await consumer.end_offsets(
            [
                Place(topic.name, partition)
                for topic in TOPICS.values()
                for partition in range(topic.partitions)
            ]
        )
        return found


async def books(
    bootstrap: str,
    begin: Mapping[Place, int],
    end: Mapping[Place, int],
    openers: Mapping[str, Opener],
) -> Books:
    """Everything between two ends; `openers` of partners whose requests are encrypted."""
    found = Books(openers)
    left = {place for place, offset in end.items() if offset > begin.get(place, 0)}
    async with _consumer(bootstrap) as consumer:
        consumer.assign(list(end))
        for place in end:
            consumer.seek(place, begin.get(place, 0))
        while left:
            batches = await consumer.getmany(timeout_ms=500, max_records=_RECORDS)
            for place, records in batches.items():
                for record in records:
                    if record.offset < end[place]:
                        found.see(record)
                if records[-1].offset + 1 >= end[place]:
                    left.discard(place)
    return found
