"""Backlogs: topics full of signed messages, outboxes full of rows, and the memory they cost."""

import asyncio
import multiprocessing
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import cycle, islice

import psutil
from aiokafka import AIOKafkaProducer

from bench.load.topics import Place
from bench.load.traders import Trader
from deploy.local.stack import LocalStack
from deploy.topics import TopicPlan
from libs.service.outbox import Outbound
from libs.service.packing import pack
from tests.chaos.arena import Arena
from tests.chaos.handles import connected, lag, records_since
from tests.chaos.poison import Signing

MIB = 1024 * 1024
ELSEWHERE = "chaos.outbox"  # a topic that nobody reads
_LOOK_SECONDS = 0.1
_AT_ONCE = 5_000
_BODY_MD5S = 100  # of 32 bytes: as large as a proposal

_FILL = """
INSERT INTO {service}.outbox (topic, key, headers, body)
SELECT $1, convert_to(n::text, 'utf8'), $2, convert_to(repeat(md5(n::text), $3), 'utf8')
FROM generate_series(1, $4) AS n"""


@dataclass
class Peak:
    """What a process that worked through a backlog took at most."""

    name: str
    rss_mib: float = 0.0
    idle_mib: float = 0.0  # when it was ready, before it had worked
    waiting: int = 0
    done: int = 0

    def look(self, process: psutil.Process) -> None:
        """One sample."""
        found = process.memory_info().rss / MIB
        self.idle_mib = self.idle_mib or found
        self.rss_mib = max(self.rss_mib, found)

    def __str__(self) -> str:
        return (
            f"{self.name}: at most {self.rss_mib:.0f} MiB (begins with {self.idle_mib:.0f}),"
            f" {self.done} of {self.waiting} waiting messages worked through"
        )


async def multiply(arena: Arena, begin: Mapping[Place, int], wanted: Mapping[str, int]) -> None:
    """Fill topics with so many repeats of what came on them since `begin`."""
    originals: dict[str, list[Outbound]] = {topic: [] for topic in wanted}
    for record in await records_since(arena, begin, wanted):
        row = Outbound(record.topic, record.key, tuple(record.headers), record.value)
        originals[record.topic].append(row)
    for topic, count in wanted.items():
        await _send(arena.stack.kafka.bootstrap, islice(cycle(originals[topic]), count))


async def _send(bootstrap: str, rows: Iterator[Outbound]) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=bootstrap, linger_ms=5, max_batch_size=512 * 1024
    ) as producer:
        while batch := list(islice(rows, _AT_ONCE)):
            for row in batch:
                await producer.send(row.topic, row.body, key=row.key, headers=list(row.headers))
            await producer.flush()


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
    rows = (signing.proposal(signer) for _ in range(count))
    asyncio.run(_send(stack.kafka.bootstrap, rows))


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
    arena: Arena, names: Collection[str], seconds_max: float, *, outbox: bool = False
) -> list[Peak]:
    """Watch these members, just started, until nothing waits for them or the time is up."""
    waiting = outbox_rows if outbox else lag
    peaks = {name: Peak(name, waiting=await waiting(arena, name)) for name in names}
    watching = asyncio.create_task(_sample(arena, peaks))
    try:
        async with asyncio.timeout(seconds_max):
            while any([await waiting(arena, name) for name in names]):
                await asyncio.sleep(0.5)
    except TimeoutError:
        pass
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    for peak in peaks.values():
        peak.done = peak.waiting - await waiting(arena, peak.name)
        print(peak)
    return list(peaks.values())


async def _sample(arena: Arena, peaks: Mapping[str, Peak]) -> None:
    while True:
        for name, peak in peaks.items():
            process = arena.stack.supervisor.running(name)
            if process is not None and arena.is_ready(name):
                peak.look(process)
        await asyncio.sleep(_LOOK_SECONDS)
