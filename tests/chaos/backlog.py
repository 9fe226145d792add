"""Backlogs: topics full of signed messages, outboxes full of rows, and the memory they cost."""

import asyncio
import multiprocessing
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import cycle, islice
from time import monotonic

from aiokafka import AIOKafkaProducer, ConsumerRecord

from bench.load.topics import Place
from bench.load.traders import Trader
from deploy.local.stack import LocalStack
from deploy.topics import TopicPlan
from libs.service.outbox import Outbound
from libs.service.packing import pack
from tests.chaos.arena import Arena, until
from tests.chaos.handles import connected, lag, records_since
from tests.chaos.poison import Signing

MIB = 1024 * 1024
ELSEWHERE = "chaos.outbox"  # a topic that nobody reads
_LOOK_SECONDS = 0.1
_BATCH_BYTES = 512 * 1024
_BODY_MD5S = 100  # of 32 bytes: as large as a proposal

_FILL = """
INSERT INTO {service}.outbox (topic, key, headers, body)
SELECT $1, convert_to(n::text, 'utf8'), $2, convert_to(repeat(md5(n::text), $3), 'utf8')
FROM generate_series(1, $4) AS n"""


@dataclass
class Peak:
    """What a process that worked through a backlog took at most."""

    name: str
    waiting: int
    rss_mib: float = 0.0
    left: int = 0

    @property
    def done(self) -> int:
        """Messages worked through."""
        return self.waiting - self.left

    def __str__(self) -> str:
        return (
            f"{self.name}: at most {self.rss_mib:.0f} MiB,"
            f" {self.done} of {self.waiting} waiting messages worked through"
        )


async def multiply(arena: Arena, begin: Mapping[Place, int], wanted: Mapping[str, int]) -> None:
    """Fill topics with so many repeats of what came on them since `begin`, each in its place."""
    originals: dict[Place, list[ConsumerRecord]] = defaultdict(list)
    for record in await records_since(arena, begin, wanted):
        originals[Place(record.topic, record.partition)].append(record)
    async with _producer(arena.stack.kafka.bootstrap) as producer:
        for topic, count in wanted.items():
            places = [place for place in originals if place.topic == topic]
            for place in places:
                await _repeat(producer, place, originals[place], count // len(places) + 1)


async def _repeat(
    producer: AIOKafkaProducer, place: Place, originals: Sequence[ConsumerRecord], count: int
) -> None:
    """Whole batches at a time: many times as quick as message by message."""
    batch, sent = producer.create_batch(), []
    for record in islice(cycle(originals), count):
        row = {"key": record.key, "value": record.value, "headers": list(record.headers)}
        if batch.append(timestamp=None, **row) is None:
            sent.append(await producer.send_batch(batch, place.topic, partition=place.partition))
            batch = producer.create_batch()
            batch.append(timestamp=None, **row)
    sent.append(await producer.send_batch(batch, place.topic, partition=place.partition))
    await asyncio.gather(*sent)


def _producer(bootstrap: str) -> AIOKafkaProducer:
    return AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=5, max_batch_size=_BATCH_BYTES)


async def propose(arena: Arena, trader: Trader, count: int) -> None:
    """Fill policy's topic with so many new signed proposals, by a process a core."""
    workers = multiprocessing.cpu_count()
    loop, spawn = asyncio.get_running_loop(), multiprocessing.get_context("spawn")
    given = (arena.stack, replace(trader, operator=None), trader.company.short)  # type: ignore[arg-type]
    with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        await asyncio.gather(
            *(
                loop.run_in_executor(pool, _propose, *given, count // workers)
                for _ in range(workers)
            )
        )


def _propose(stack: LocalStack, trader: Trader, card: str, count: int) -> None:
    signing = Signing(stack, trader)
    signer = signing.card(f"{card}-operator")
    asyncio.run(_send(stack.kafka.bootstrap, [signing.proposal(signer) for _ in range(count)]))


async def _send(bootstrap: str, rows: Sequence[Outbound]) -> None:
    async with _producer(bootstrap) as producer:
        for row in rows:
            await producer.send(row.topic, row.body, key=row.key, headers=list(row.headers))


async def fill_outbox(arena: Arena, service: str, count: int) -> None:
    """Put so many rows in a service's outbox, for a topic that nobody reads."""
    arena.stack.create_topics([TopicPlan(ELSEWHERE, 6, -1)])
    async with connected(arena) as db:
        query = _FILL.format(service=service)
        await db.execute(query, ELSEWHERE, pack(()), _BODY_MD5S, count)


async def outbox_rows(arena: Arena, service: str) -> int:
    """How many rows wait."""
    async with connected(arena) as db:
        found: int = await db.fetchval(f"SELECT count(*) FROM {service}.outbox")  # noqa: S608
        return found


async def work_through(
    arena: Arena,
    names: Collection[str],
    seconds_max: float,
    mib_max: float,
    *,
    mutation: str = "",
    outbox: bool = False,
) -> list[Peak]:
    """Start these members; watch until nothing waits, one is too large, or the time is up."""
    waiting = outbox_rows if outbox else lag
    peaks = [Peak(name, await waiting(arena, name)) for name in names]
    arena.start(*names, mutation=mutation)
    watching = asyncio.create_task(_sample(arena, peaks))
    await until(lambda: all(arena.is_ready(name) for name in names), f"{names} are ready")
    deadline = monotonic() + seconds_max
    while monotonic() < deadline and not any(peak.rss_mib > mib_max for peak in peaks):
        if not any([await waiting(arena, name) for name in names]):
            break
        await asyncio.sleep(0.5)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    for peak in peaks:
        peak.left = await waiting(arena, peak.name)
        print(peak)
    return peaks


async def _sample(arena: Arena, peaks: Sequence[Peak]) -> None:
    while True:
        for peak in peaks:
            process = arena.stack.supervisor.running(peak.name)
            if process is not None:
                peak.rss_mib = max(peak.rss_mib, process.memory_info().rss / MIB)
        await asyncio.sleep(_LOOK_SECONDS)
