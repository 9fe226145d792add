"""Benchmark `rebuild`: history read again from its topics, beside verifying the signatures alone.

`python -m bench.rebuild` measures it; `bench/growth.py` how it grows with history.
Everything from the call to the swap counts: starting workers, fetching, verifying, decoding,
copying, indexes. The reference has the same events in memory and does nothing but `verify`.
"""

import asyncio
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing import get_context
from statistics import mean, median
from time import perf_counter, process_time

import asyncpg

from bench.harness import Figure, Reference, Result
from bench.history_load import (
    PARTITIONS,
    TOPICS,
    Load,
    make_keys,
    produce,
    signed,
    signers_of,
    story,
)
from bench.stand import stand
from deploy.local.stack import LocalStack
from deploy.topics import TopicPlan
from libs.messages.partners import JSON
from libs.service.migrations import migrate
from libs.signing import TrustStore, verify
from services.history.app import SERVICE
from services.history.rebuild import rebuild
from services.history.settings import HistorySettings

STORIES = 3_000  # 51,000 events, 48,000 of them moves
_ROUNDS = 2
_SAMPLE_STORIES = 300
_EVENTS_PER_SECOND_MIN = 8_000
_OF_SIGNATURES_MIN = 0.6
_MICRO = 1e6


@dataclass(frozen=True, slots=True)
class Run:
    """One rebuild: its seconds until the end of each stage, and the workers' CPU seconds."""

    events: int
    seconds: float
    stages: dict[str, float]
    workers_cpu: float

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds


@dataclass(frozen=True)
class Side:
    """A stack with events on its topics and tables for history."""

    stack: LocalStack
    load: Load

    def settings(self, workers: int) -> HistorySettings:
        """History's, with so many workers."""
        home = self.load.home
        return HistorySettings.model_validate(
            {
                "database_url": self.stack.database_url("history"),
                "kafka_bootstrap": self.stack.kafka.bootstrap,
                "key_file": home / "history.key",
                "cert_file": home / "history.pem",
                "trust_ca": home / "ca.pem",
                "http_port": 0,
                "rebuild_workers": workers,
            }
        )

    def rebuild(self, workers: int) -> Run:
        """Rebuild once; raises AssertionError when not every event was applied."""
        stages: dict[str, float] = {}
        began = perf_counter()

        def tell(stage: str, done: int, total: int) -> None:
            stages[stage] = perf_counter() - began

        result = asyncio.run(rebuild(SERVICE, self.settings(workers), tell))
        seconds = perf_counter() - began
        if (result.applied, result.refused) != (self.load.events, {}):
            raise AssertionError(result)
        return Run(
            self.load.events,
            seconds,
            stages,
            result.cpu_seconds,
        )


@contextmanager
def a_side(stories: int, partitions: int = PARTITIONS) -> Iterator[Side]:
    """Stores of their own, with the events of so many stories, and an empty read side."""
    with stand(whole=False) as stack:
        load = Load(stack.home.root, stack.kafka.bootstrap, stories, partitions)
        make_keys(load.home)
        stack.create_topics([TopicPlan(name, partitions, -1) for name in TOPICS])
        stack.create_databases(["history"])
        asyncio.run(_migrate(stack.database_url("history")))
        produce(load)
        yield Side(stack, load)


async def _migrate(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await migrate(connection, SERVICE)
    finally:
        await connection.close()


@dataclass
class _Compared:
    """Rebuilds with so many workers, each between two measurements of signatures alone."""

    processes: int
    runs: list[Run] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)

    def measure(self, side: Side) -> None:
        before = signatures_alone(side.load, self.processes)[0]
        self.runs.append(side.rebuild(self.processes))
        self.alone.append(mean((before, signatures_alone(side.load, self.processes)[0])))

    @property
    def rate(self) -> float:
        return median(run.rate for run in self.runs)

    def reference(self) -> Reference:
        pairs = zip(self.runs, self.alone, strict=True)
        ratio = median(run.rate / alone for run, alone in pairs)
        name = f"signatures alone, processes: {self.processes}"
        met = ratio >= _OF_SIGNATURES_MIN
        return Reference(name, round(median(self.alone)), round(ratio, 2), _OF_SIGNATURES_MIN, met)


def rebuild_bench() -> Result:
    """Rebuild with a worker a core, and with one, against signatures alone with as many."""
    cores = len(os.sched_getaffinity(0))
    whole, one = _Compared(cores), _Compared(1)
    with a_side(STORIES) as side:
        first = side.rebuild(cores)
        for _ in range(_ROUNDS):
            whole.measure(side)
        one.measure(side)
        a_signature = signatures_alone(side.load, 1)[1]
    run = whole.runs[-1]
    each = _MICRO / run.events
    figures = [
        Figure("with one worker", round(one.rate), "events/s"),
        Figure("into an empty database", round(first.rate), "events/s"),
        *(Figure(f"until the end of {stage}", round(s, 1), "s") for stage, s in run.stages.items()),
        Figure("CPU of workers", round(run.workers_cpu * each, 1), "us/event"),
        Figure("CPU of a signature alone", round(a_signature * _MICRO, 1), "us/event"),
    ]
    return Result(
        "rebuild",
        round(whole.rate),
        "events/s",
        [whole.reference(), one.reference()],
        target=_EVENTS_PER_SECOND_MIN,
        figures=figures,
        load=f"{side.load.events} signed events, {PARTITIONS} partitions a topic, {cores} workers",
    )


def signatures_alone(load: Load, processes: int) -> tuple[float, float]:
    """Signatures a second of so many processes at once, events in memory; CPU seconds of one."""
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        found = list(pool.map(_verify_all, [load] * processes))
    return sum(rate for rate, _ in found), min(cpu for _, cpu in found)


def _verify_all(load: Load) -> tuple[float, float]:
    trust, at = TrustStore.load(load.home / "ca.pem"), datetime.now(UTC)
    signers = signers_of(load)
    rows = [
        (body, dict(headers)["ce_signature"].decode())
        for number in range(_SAMPLE_STORIES)
        for _, body, headers in signed(list(story(number, load.stories)), signers)
    ]
    began, cpu = perf_counter(), process_time()
    for body, signature in rows:
        if not verify(body, JSON, signature, trust, at).verdict.trusted:
            raise AssertionError
    return len(rows) / (perf_counter() - began), (process_time() - cpu) / len(rows)


def main() -> int:
    """Print what was measured; the exit code."""
    result = rebuild_bench()
    sys.stdout.write(f"{result.name}: {result.value:,.0f} {result.unit} ({result.load})\n")
    for row in result.reference:
        sys.stdout.write(f"  {row.name}: {row.value:,.0f}, ratio {row.ratio} of {row.target}\n")
    for figure in result.figures:
        sys.stdout.write(f"  {figure.name}: {figure.value:,} {figure.unit}\n")
    return 0 if result.met else 1


if __name__ == "__main__":
    sys.exit(main())
