"""The toy service on real stores: a world with its certificates, topics and tables."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord

from libs.messages.base import Message, Meta
from libs.messages.envelope import envelope_of
from libs.messages.parties import Role
from libs.messages.partners import JSON, XML
from libs.messages.samples import COMPANY, USCC
from libs.service.backoff import Stopping
from libs.service.logs import make_logger
from libs.service.migrations import migrate
from libs.service.process import Process
from libs.service.settings import ServiceSettings
from libs.signing import FileSigner, sign_jws, sign_xml
from libs.signing.pki import Authority, Subject
from tests.integration.service.toy import KINDS, FillBox, OpenBox, Toy
from tests.support.stores import Database, Stores

ROOT = Path(__file__).parents[3]
SECONDS_MAX = 30.0


@dataclass(frozen=True)
class Pki:
    """An authority and who it vouches for."""

    home: Path
    authority: Authority
    signers: dict[str, FileSigner]


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    home = tmp_path_factory.mktemp("pki")
    authority = Authority.create()
    (home / "ca.pem").write_bytes(authority.issued.certificate_pem())
    subjects = {
        "operator": Subject(Role.OPERATOR, USCC, COMPANY, "李晓明", "C1"),
        "legal": Subject(Role.LEGAL_PERSON, USCC, COMPANY, "王大为", "C2"),
        "PICC": Subject(Role.INSURER, "PICC", "人保财险"),
        "portal": Subject(Role.SERVICE, "portal", "portal"),
    }
    issued = {name: authority.issue(subject) for name, subject in subjects.items()}
    signers = {name: each.signer for name, each in issued.items()}
    signers["stranger"] = Authority.create().issue(subjects["operator"]).signer
    return Pki(home, authority, signers)


@dataclass
class World:
    """One toy service's surroundings, and what a test does in them."""

    toy: Toy
    stores: Stores
    database: Database
    pki: Pki
    producer: AIOKafkaProducer

    def environment(self, **changes: object) -> dict[str, str]:
        home, name = self.pki.home, self.toy.name
        values = {
            "DATABASE_URL": self.database.url,
            "KAFKA_BOOTSTRAP": self.stores.bootstrap,
            "KEY_FILE": str(home / f"{name}.key"),
            "CERT_FILE": str(home / f"{name}.pem"),
            "TRUST_CA": str(home / "ca.pem"),
            "HTTP_PORT": "0",
            "KAFKA_SESSION_SECONDS": "6",
            "DEFERRAL_SECONDS_MAX": "3",
            "POLL_SECONDS": "0.2",
            **{key.upper(): str(value) for key, value in changes.items()},
        }
        return {f"{name.upper()}_{key}": value for key, value in values.items()}

    def settings(self, **changes: object) -> ServiceSettings:
        values = self.environment(**changes)
        prefix = f"{self.toy.name.upper()}_"
        return self.toy.service.settings.model_validate(
            {key.removeprefix(prefix).lower(): value for key, value in values.items()}
        )

    @asynccontextmanager
    async def running(self, **changes: object) -> AsyncIterator[Process]:
        """The service inside this process, ready."""
        async with self.starting(**changes) as process:
            await until(lambda: not process.progress.missing())
            yield process

    @asynccontextmanager
    async def starting(self, **changes: object) -> AsyncIterator[Process]:
        """The service inside this process, on its way to be ready."""
        stop = asyncio.Event()
        log = make_logger(self.toy.name, stream=sys.stderr)
        process = Process(self.toy.service, self.settings(**changes), stop, log)
        async with process:
            task = asyncio.create_task(process.run())
            try:
                yield process
            finally:
                stop.set()
                with suppress(Stopping):
                    await task

    @asynccontextmanager
    async def spawned(self, **changes: object) -> AsyncIterator[subprocess.Popen[bytes]]:
        """The service as a process of its own, to be killed."""
        process = self.spawn(**changes)
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
            process.wait(10)

    def spawn(self, **changes: object) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-m", "tests.integration.service.run_toy", self.toy.name],
            env={**os.environ, **self.environment(**changes)},
            cwd=ROOT,
        )

    async def sql(self, query: str, *values: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.database.url)
        try:
            return list(await connection.fetch(query, *values))
        finally:
            await connection.close()

    async def count(self, table: str) -> int:
        rows = await self.sql(f"SELECT count(*) FROM {table}")  # noqa: S608 - a test's own word
        return int(rows[0][0])

    async def send(self, *sealed: "Sealed", topic: str | None = None) -> None:
        """Publish messages in this order."""
        futures = [
            await self.producer.send(
                topic or self.toy.commands, m.body, key=m.key, headers=list(m.headers)
            )
            for m in sealed
        ]
        await asyncio.gather(*futures)

    def sealed(
        self, message: Message, signer: str = "operator", content_type: str = JSON
    ) -> "Sealed":
        """A signed message with its headers."""
        kind = KINDS[f"cn.tongbao.{type(message).__name__}.v1"]
        who = self.pki.signers[signer]
        body = kind.codec.encode(message, content_type)
        envelope = envelope_of(message, kind.ce_type, content_type)
        headers = dict(envelope.to_headers())
        if content_type == XML:
            body = sign_xml(body, who)
        else:
            headers["ce_signature"] = sign_jws(body, who).encode()
        return Sealed(body, envelope.subject.encode(), tuple(headers.items()))

    async def read(
        self, topic: str, count: int, seconds: float = SECONDS_MAX
    ) -> list[ConsumerRecord]:
        """The first `count` records of a topic, or fewer when no more come in time."""
        consumer = AIOKafkaConsumer(
            topic, bootstrap_servers=self.stores.bootstrap, auto_offset_reset="earliest"
        )
        await consumer.start()
        found: list[ConsumerRecord] = []
        try:
            async with asyncio.timeout(seconds):
                while len(found) < count:
                    for records in (await consumer.getmany(timeout_ms=200)).values():
                        found += records
        except TimeoutError:
            pass
        finally:
            await consumer.stop()
        return found

    async def everything(self, topic: str) -> list[ConsumerRecord]:
        """All records that are on a topic now."""
        consumer = AIOKafkaConsumer(
            topic, bootstrap_servers=self.stores.bootstrap, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            places = list(consumer.assignment())
            ends = await consumer.end_offsets(places)
            found: list[ConsumerRecord] = []
            while any([await consumer.position(place) < ends[place] for place in places]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found += records
            return found
        finally:
            await consumer.stop()


@dataclass(frozen=True)
class Sealed:
    """Bytes and headers as they are on a topic."""

    body: bytes
    key: bytes
    headers: tuple[tuple[str, bytes], ...]


def meta(document_id: str, sender: str = USCC, message_id: UUID | None = None) -> Meta:
    return Meta(
        message_id=message_id or uuid4(),
        document_id=document_id,
        sender=sender,
        created_at=datetime.now(UTC),
    )


def open_box(id: str, text: str = "box", **more: object) -> OpenBox:
    return OpenBox.model_validate({"meta": meta(id), "text": text, **more})


def fill_box(id: str, amount: int = 1, *, ask: bool = False) -> FillBox:
    return FillBox(meta=meta(id), amount=amount, ask=ask)


async def until(
    condition: Callable[[], bool] | Callable[[], Awaitable[bool]], seconds: float = SECONDS_MAX
) -> None:
    """Wait for a condition; fails when it does not come true in time."""
    async with asyncio.timeout(seconds):
        while True:
            result = condition()
            if (await result) if isinstance(result, Awaitable) else result:
                return
            await asyncio.sleep(0.02)


@pytest.fixture
async def world(stores: Stores, database: Database, unique: str, pki: Pki) -> AsyncIterator[World]:
    toy = Toy(f"toy{unique}")
    stores.create_topics(toy.commands, toy.events, toy.requests, partitions=3)
    issued = pki.authority.issue(Subject(Role.SERVICE, toy.name, toy.name))
    issued.save(pki.home / f"{toy.name}.key", pki.home / f"{toy.name}.pem")
    connection = await asyncpg.connect(database.url)
    await migrate(connection, toy.service)
    await connection.close()
    producer = AIOKafkaProducer(
        bootstrap_servers=stores.bootstrap,
        acks="all",
        enable_idempotence=True,
        max_request_size=16 * 1024 * 1024,
    )
    await producer.start()
    world = World(toy, stores, database, pki, producer)
    yield world
    await world.producer.stop()
