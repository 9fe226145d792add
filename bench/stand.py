"""A stack of the benchmarks' own: real Kafka, real PostgreSQL (fsync on), services, sandbox."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import psutil
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from deploy.local.home import Home
from deploy.local.members import SERVICES
from deploy.local.ports import Ports, free_base
from deploy.local.stack import LocalStack
from libs.messages.topics import TOPICS
from libs.service.outbox import Outbound

_LOOK_SECONDS = 0.05
_SEND_AT_ONCE = 500


@contextmanager
def stand(*, whole: bool = True) -> Iterator[LocalStack]:
    """A stack in a home and on ports of its own, gone afterwards; `whole`: with all processes."""
    home = Path(tempfile.mkdtemp(prefix="tongbao-bench-"))
    stack = LocalStack(Home(home), Ports(free_base()))
    try:
        if whole:
            stack.up()
        else:
            stack.start_stores()
        yield stack
    finally:
        stack.stop()
        shutil.rmtree(home, ignore_errors=True)


def only(stack: LocalStack, *names: str) -> None:
    """Stop every process but the stores and these; the local set-up's own stays as it is."""
    stores = (stack.kafka.name, stack.postgres.name)
    others = [name for name in stack.supervisor.names() if name not in (*stores, *names)]
    stack.supervisor.stop(others)


def processes(stack: LocalStack, names: Sequence[str] = SERVICES) -> list[psutil.Process]:
    """The running processes of these members."""
    return [process for name in names for process in stack.supervisor.find(name)]


def cpu_seconds(chosen: Sequence[psutil.Process], *, children: bool = True) -> float:
    """CPU time that these processes have used so far, their threads (and children) included."""
    total = 0.0
    for process in chosen:
        for one in (process, *(process.children(recursive=True) if children else ())):
            times = one.cpu_times()
            total += times.user + times.system
    return total


async def fill(bootstrap: str, messages: Sequence[Outbound]) -> None:
    """Put messages on their topics, pipelined, in order a key."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, linger_ms=5, max_batch_size=512 * 1024, acks="all"
    )
    async with producer:
        for start in range(0, len(messages), _SEND_AT_ONCE):
            sent = [
                await producer.send(row.topic, row.body, key=row.key, headers=list(row.headers))
                for row in messages[start : start + _SEND_AT_ONCE]
            ]
            await asyncio.gather(*sent)


class Counter:
    """How many messages a topic holds, by its ends."""

    def __init__(self, consumer: AIOKafkaConsumer, topic: str, partitions: int) -> None:
        self._consumer = consumer
        self._places = [TopicPartition(topic, number) for number in range(partitions)]

    async def count(self) -> int:
        """Messages so far."""
        found: dict[TopicPartition, int] = await self._consumer.end_offsets(self._places)
        return sum(found.values())

    async def reach(self, wanted: int, seconds_max: float) -> list[tuple[float, int]]:
        """Look until there are so many; every look: (seconds, messages). Raises TimeoutError."""
        looks: list[tuple[float, int]] = []
        async with asyncio.timeout(seconds_max):
            while not looks or looks[-1][1] < wanted:
                looks.append((perf_counter(), await self.count()))
                await asyncio.sleep(_LOOK_SECONDS)
        return looks


def counter(consumer: AIOKafkaConsumer, topic: str) -> Counter:
    """A counter of one of the system's topics."""
    return Counter(consumer, topic, TOPICS[topic].partitions)


def rate(looks: Sequence[tuple[float, int]], begin: int) -> float:
    """Messages a second between the first tenth and the end: starting up is not counted."""
    total = looks[-1][1] - begin
    first = next(look for look in looks if look[1] - begin >= total * 0.1)
    return (looks[-1][1] - first[1]) / (looks[-1][0] - first[0])
