"""How costs grow: `python -m bench.growth records [N…] | partitions | documents [--write]`.

For histories of so many status records (10,000, 100,000 and 1,000,000), or topics of so many
partitions: what a rebuild, one more batch of live events, and reads cost.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from statistics import median
from time import perf_counter
from typing import Any

import asyncpg

from bench.history_load import RECORDS_A_STORY, document_of, owner_of, story
from bench.machine import CHECKOUT, machine
from bench.rebuild import Side, a_side
from bench.report import Growth, store_growth
from bench.sizes import Size
from bench.sizes import sizes as message_sizes
from libs.messages.registry import kind_of
from services.history import store
from services.history.queries import read_query
from services.history.rows import rows_of

TABLES = ("documents", "partitions", "records")
WRONG_USE = 2
SIZES = (10_000, 100_000, 1_000_000)  # status records
PARTITIONS = (1, 2, 6, 24)  # a topic, with 100,000 status records
_RECORDS = 100_000
_READS = 200
_BATCHES = 20
_BATCH_STORIES = 30  # 510 events
_MILLI, _MICRO = 1e3, 1e6
_KIND = "cargo-proposal"
_AFTER_ALL = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """One size. Reads are medians in ms; `live_us` is the store's share of a live event."""

    records: int
    partitions: int
    rebuild_s: float
    rebuild_events_s: int
    workers_cpu_us: float  # an event
    live_us: float  # an event, in batches of 510
    search_ms: float  # a page of a company's list, and the count
    status_records_ms: float
    as_of_ms: float


def row(side: Side) -> Row:
    """Rebuild, then read, then add what is new."""
    run = side.rebuild(0)
    return Row(
        side.load.stories * RECORDS_A_STORY,
        side.load.partitions,
        round(run.seconds, 1),
        round(run.rate),
        round(run.workers_cpu / run.events * _MICRO),
        *asyncio.run(_costs(side)),
    )


async def _costs(side: Side) -> tuple[float, float, float, float]:
    connection = await asyncpg.connect(side.stack.database_url("history"))
    try:
        stories = side.load.stories
        search, records, as_of = [await _reads(connection, stories, read) for read in _ASKED]
        return await _live(connection, stories), search, records, as_of
    finally:
        await connection.close()


async def _live(connection: asyncpg.Connection, stories: int) -> float:
    """Seconds that storing a batch of new events takes, made to microseconds an event."""
    spent = []
    for number in range(_BATCHES):
        first = stories + number * _BATCH_STORIES
        events = [
            (kind_of(type(event)), event)
            for which in range(first, first + _BATCH_STORIES)
            for event in story(which, stories + _BATCHES * _BATCH_STORIES)
        ]
        began = perf_counter()
        async with connection.transaction():
            await store.save(connection, rows_of(events))
        spent.append((perf_counter() - began) / len(events))
    return round(median(spent) * _MICRO)


Read = Callable[[asyncpg.Connection, str, str], Awaitable[object]]


async def _search(connection: asyncpg.Connection, owner: str, document: str) -> object:
    return (await store.search(connection, owner, _KIND, read_query(_KIND, [("status", "50")])))[0]


async def _status_records(connection: asyncpg.Connection, owner: str, document: str) -> object:
    return await store.status_records(connection, owner, _KIND, document)


async def _as_of(connection: asyncpg.Connection, owner: str, document: str) -> object:
    return await store.as_of(connection, owner, _KIND, document, _AFTER_ALL)


_ASKED: tuple[Read, ...] = (_search, _status_records, _as_of)


async def _reads(connection: asyncpg.Connection, stories: int, read: Read) -> float:
    spent = []
    for number in range(_READS):
        which = number * stories // _READS
        began = perf_counter()
        if not await read(connection, owner_of(which), document_of("TB", which)):
            raise AssertionError(which)
        spent.append(perf_counter() - began)
    return round(median(spent) * _MILLI, 2)


def by_records(sizes: Sequence[int]) -> Iterator[Row]:
    """A row a size of history."""
    for size in sizes:
        with a_side(max(size // RECORDS_A_STORY, 1)) as side:
            yield row(side)


def by_partitions() -> Iterator[Row]:
    """A row a number of partitions."""
    for partitions in PARTITIONS:
        with a_side(_RECORDS // RECORDS_A_STORY, partitions) as side:
            yield row(side)


def _table(what: str, sizes: Sequence[int]) -> tuple[str, type, Iterator[Any]]:
    """The title of a table, what its rows are, and the rows as they are measured."""
    if what == "documents":
        return "With a message's size", Size, message_sizes()
    if what == "partitions":
        return f"With a topic's partitions, {_RECORDS:,} status records", Row, by_partitions()
    return "With the size of history", Row, by_records(sizes or SIZES)


def main(arguments: list[str]) -> int:
    """Print a table, and with --write put it into docs/performance.md; the exit code."""
    words = [word for word in arguments if not word.startswith("--")]
    what = next((word for word in words if not word.isdigit()), "records")
    if what not in TABLES:
        sys.stderr.write(f"there is no table {what}: one of {', '.join(TABLES)}\n")
        return WRONG_USE
    title, kind, found = _table(what, [int(word) for word in words if word.isdigit()])
    names = [field.name for field in fields(kind)]
    sys.stdout.write(f"{title}\n\n| {' | '.join(names)} |\n|{' --- |' * len(names)}\n")
    rows: list[list[float | str]] = []
    for one in found:
        rows.append([getattr(one, name) for name in names])
        sys.stdout.write(f"| {' | '.join(map(str, rows[-1]))} |\n")
        sys.stdout.flush()
    if "--write" in arguments:
        store_growth(CHECKOUT, what, Growth(title, names, rows, machine()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
