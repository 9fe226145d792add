"""history and portal running on real stores, with keys of their own, for tests of the read side."""

import asyncio
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from cryptography import x509

from libs.messages.base import Message
from libs.messages.envelope import envelope_of
from libs.messages.parties import Role
from libs.messages.partners import JSON
from libs.messages.registry import kind_of
from libs.messages.samples import COMPANY, OTHER_COMPANY, OTHER_USCC, USCC
from libs.messages.topics import TOPICS
from libs.service import Service
from libs.service.logs import make_logger
from libs.service.migrations import migrate
from libs.service.process import Process
from libs.service.settings import ServiceSettings
from libs.signing import FileSigner, sign_jws
from libs.signing.pki import Authority, Subject
from services.history.app import SERVICE as HISTORY
from services.portal.app import SERVICE as PORTAL
from tests.support.stores import Database, Stores
from tongbao.client import Portal, SoftwareCard

SECONDS_MAX = 30.0
EVENTS = ("booking.events", "policy.events", "payment.events")

CARDS = {
    "operator": Subject(Role.OPERATOR, USCC, COMPANY, "李晓明", "C-OP"),
    "legal": Subject(Role.LEGAL_PERSON, USCC, COMPANY, "王建国", "C-LP"),
    "colleague": Subject(Role.OPERATOR, USCC, COMPANY, "周敏", "C-OP2"),
    "other": Subject(Role.OPERATOR, OTHER_USCC, OTHER_COMPANY, "陈海峰", "C-OTHER"),
    "PICC": Subject(Role.INSURER, "PICC", "人保财险（沙箱）"),
}
SERVICES = ("booking", "policy", "payment", "history", "portal")


@dataclass
class Keys:
    """An authority, what it issued, and a card of each sad kind."""

    home: Path
    authority: Authority = field(default_factory=Authority.create)
    revoked: list[x509.Certificate] = field(default_factory=list)

    @cached_property
    def cards(self) -> dict[str, FileSigner]:
        """Signers by name; also `stranger`, `revoked`, `expired`."""
        issued = {name: self.authority.issue(subject) for name, subject in CARDS.items()}
        gone = self.authority.issue(CARDS["operator"])
        old = self.authority.issue(
            CARDS["operator"], since=datetime.now(UTC) - timedelta(days=30), days=20
        )
        self.revoked.append(gone.certificate)
        stranger = Authority.create("Somebody else's CA").issue(CARDS["operator"])
        self.write()
        return {
            **{name: each.signer for name, each in issued.items()},
            "revoked": gone.signer,
            "expired": old.signer,
            "stranger": stranger.signer,
        }

    @cached_property
    def services(self) -> dict[str, FileSigner]:
        """Signers of the services; their files stand in `home`."""
        made = {}
        for name in SERVICES:
            each = self.authority.issue(Subject(Role.SERVICE, name, f"单一窗口 {name}"))
            each.save(self.home / f"{name}.key", self.home / f"{name}.pem")
            made[name] = each.signer
        return made

    def write(self) -> None:
        """The authority's certificate and its revocation list."""
        (self.home / "ca.pem").write_bytes(self.authority.issued.certificate_pem())
        (self.home / "crl.pem").write_bytes(self.authority.revocations(self.revoked))


@dataclass
class ReadSide:
    """Settings and processes of one history and one portal."""

    stores: Stores
    keys: Keys
    database: Database
    prefix: str = field(default_factory=lambda: f"t{secrets.token_hex(4)}.")

    def __post_init__(self) -> None:
        assert self.keys.cards
        assert self.keys.services
        self.topics = {
            self.prefix + name: replace(TOPICS[name], name=self.prefix + name, partitions=2)
            for name in EVENTS
        }
        self.history = replace(HISTORY, topics=MappingProxyType(self.topics))
        self.portal_port = free_port()

    @property
    def url(self) -> str:
        """Where the portal answers."""
        return f"http://127.0.0.1:{self.portal_port}"

    async def prepare(self) -> None:
        """Topics and tables."""
        names = [*self.topics, "booking.commands", "policy.commands", "payment.commands"]
        await asyncio.to_thread(self.stores.create_topics, *names, partitions=2)
        for service in (self.history, PORTAL):
            connection = await asyncpg.connect(await self._schema_of(service))
            try:
                await migrate(connection, service)
            finally:
                await connection.close()

    async def _schema_of(self, service: Service) -> str:
        """A schema a service: the test's own, and for the portal one beside it."""
        if service.name == "history":
            return self.database.url
        name = f"{self.database.schema}_{service.name}"
        await asyncio.to_thread(self.stores.stack.create_databases, [name])
        return self.stores.stack.database_url(name)

    async def settings(self, service: Service, **changes: object) -> ServiceSettings:
        """The settings of history or of the portal."""
        home = self.keys.home
        values = {
            "database_url": await self._schema_of(service),
            "kafka_bootstrap": self.stores.bootstrap,
            "kafka_group": f"{self.prefix}{service.name}",
            "key_file": home / f"{service.name}.key",
            "cert_file": home / f"{service.name}.pem",
            "trust_ca": home / "ca.pem",
            "trust_crl": home / "crl.pem",
            "http_port": 0,
            "poll_seconds": 0.2,
            "kafka_session_seconds": 6,
            "retry_seconds_max": 0.5,
            **changes,
        }
        return service.settings.model_validate(values)

    @asynccontextmanager
    async def running(self, service: Service, **changes: object) -> AsyncIterator[Process]:
        """A service inside this process, ready."""
        stop = asyncio.Event()
        log = make_logger(service.name, stream=sys.stderr)
        process = Process(service, await self.settings(service, **changes), stop, log)
        async with process:
            task = asyncio.create_task(process.run())
            try:
                await until(lambda: task.done() or not process.progress.missing())
                yield process
            finally:
                stop.set()
                await task

    @asynccontextmanager
    async def running_history(self) -> AsyncIterator[Process]:
        """history, ready."""
        async with self.running(self.history) as process:
            yield process

    @asynccontextmanager
    async def running_portal(self, history_port: int, **changes: object) -> AsyncIterator[Process]:
        """The portal, ready."""
        given = {
            "origin": self.url,
            "history_url": f"http://127.0.0.1:{history_port}",
            "object_store": (self.keys.home / "objects").as_uri(),
            "http_port": self.portal_port,
            **changes,
        }
        async with self.running(PORTAL, **given) as process:
            yield process

    async def login(self, card: str) -> Portal:
        """A session with one of the cards."""
        return await Portal.login(self.url, SoftwareCard(self.keys.cards[card]))

    async def publish(self, events: Sequence[Message], *, headers: object = None) -> None:
        """Put events on the topics, signed by the services that own them."""
        async with AIOKafkaProducer(bootstrap_servers=self.stores.bootstrap) as producer:
            for event in events:
                kind = kind_of(type(event))
                body = kind.codec.encode(event, JSON)
                signature = sign_jws(body, self.keys.services[event.meta.sender])
                envelope = envelope_of(event, kind.ce_type, JSON)._replace(signature=signature)
                await producer.send_and_wait(
                    f"{self.prefix}{event.meta.sender}.events",
                    body,
                    key=event.meta.document_id.encode(),
                    headers=envelope.to_headers(),
                )

    async def projected(self, pool: asyncpg.Pool, events: Sequence[Message]) -> None:
        """Wait until history has all of `events`."""
        wanted = [event.meta.message_id for event in events]

        async def there() -> bool:
            found = await pool.fetchval(
                "SELECT count(*) FROM change WHERE event_id = ANY($1)", wanted
            )
            return bool(found == len(wanted))

        await until_true(there)

    async def sent(self, topic: str, message_id: str) -> list[ConsumerRecord]:
        """The records of a message on a topic, all that are there by now."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.stores.bootstrap, enable_auto_commit=False
        )
        await consumer.start()
        try:
            places = [TopicPartition(topic, number) for number in range(2)]
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            ends = await consumer.end_offsets(places)
            found: list[ConsumerRecord] = []
            while any([await consumer.position(place) < end for place, end in ends.items()]):
                batch = await consumer.getmany(timeout_ms=500)
                found += [record for records in batch.values() for record in records]
        finally:
            await consumer.stop()
        wanted = ("ce_id", message_id.encode())
        return [record for record in found if wanted in record.headers]


async def until(condition: Callable[[], object], seconds: float = SECONDS_MAX) -> None:
    """Wait until `condition` holds."""

    async def check() -> bool:
        return bool(condition())

    await until_true(check, seconds)


async def until_true(
    condition: Callable[[], Awaitable[bool]], seconds: float = SECONDS_MAX
) -> None:
    """Wait until `condition` holds."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.02)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
