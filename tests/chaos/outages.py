"""Stores that are away, that refuse, that are full: real ones, and each mended when it is over."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx

from bench.load.balance import DECIDING
from tests.chaos.arena import SERVICES, Arena
from tests.chaos.disks import allocated, copy, small_disk
from tests.support import acls

Outage = Callable[[Arena], AbstractAsyncContextManager[None]]

_ROOM_BYTES = 64 * 1024 * 1024  # on a small disk, beside what has to be on it


@asynccontextmanager
async def _stores_down(arena: Arena, *names: str) -> AsyncIterator[None]:
    arena.kill(*names)
    try:
        yield
    finally:
        await asyncio.to_thread(arena.start_stores)


def kafka_away(arena: Arena) -> AbstractAsyncContextManager[None]:
    """The broker is killed, and started anew when it is over."""
    return _stores_down(arena, "kafka")


def postgres_away(arena: Arena) -> AbstractAsyncContextManager[None]:
    """The same with PostgreSQL."""
    return _stores_down(arena, "postgres")


def both_away(arena: Arena) -> AbstractAsyncContextManager[None]:
    """And with both."""
    return _stores_down(arena, "kafka", "postgres")


@asynccontextmanager
async def postgres_refuses(arena: Arena) -> AsyncIterator[None]:
    """No service may log in, and who is logged in is thrown out."""
    await arena.do(";".join(f"ALTER ROLE {name} NOLOGIN" for name in SERVICES))
    names = ", ".join(f"'{name}'" for name in SERVICES)
    await arena.do(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename IN ({names})"  # noqa: S608
    )
    try:
        yield
    finally:
        await arena.do(";".join(f"ALTER ROLE {name} LOGIN" for name in SERVICES))


@asynccontextmanager
async def _commits_fail(arena: Arena, state: str) -> AsyncIterator[None]:
    """Each transaction that writes to an outbox fails at its very end, with this SQLSTATE."""
    await arena.do(
        f"""
        CREATE SCHEMA chaos; GRANT USAGE ON SCHEMA chaos TO PUBLIC;
        CREATE SEQUENCE chaos.refused; GRANT ALL ON SEQUENCE chaos.refused TO PUBLIC;
        CREATE FUNCTION chaos.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM nextval('chaos.refused');
            RAISE EXCEPTION 'on purpose' USING ERRCODE = '{state}';
        END $$"""
    )
    for name in DECIDING:
        await arena.do(
            f"""CREATE CONSTRAINT TRIGGER chaos AFTER INSERT ON {name}.outbox
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chaos.refuse()"""
        )
    try:
        yield
        (row,) = await arena.sql("SELECT last_value AS times, is_called FROM chaos.refused")
        print(f"commits refused with {state}: {row['times']}")
        assert row["is_called"], "no commit was refused"
    finally:
        for name in DECIDING:  # each by itself, or the locks of two are held at once
            await arena.do(f"DROP TRIGGER IF EXISTS chaos ON {name}.outbox")
        await arena.do("DROP SCHEMA chaos CASCADE")


def commits_lose_a_race(arena: Arena) -> AbstractAsyncContextManager[None]:
    """Serialisation failures at commit."""
    return _commits_fail(arena, "40001")


def commits_find_no_space(arena: Arena) -> AbstractAsyncContextManager[None]:
    """The disk is full, as PostgreSQL says it at commit; needs no root."""
    return _commits_fail(arena, "53100")


@asynccontextmanager
async def postgres_disk_full(arena: Arena) -> AsyncIterator[None]:
    """Policy's inbox is on a disk of its own, which is full to the last byte."""
    await arena.do("VACUUM FULL policy.inbox")  # space that was freed in it would be used first
    (row,) = await arena.sql("SELECT pg_table_size('policy.inbox') AS bytes")
    with small_disk(arena.stack.home.root / "small", row["bytes"] + _ROOM_BYTES) as disk:
        shutil.chown(disk.place, (arena.stack.home.postgres / "data").stat().st_uid)
        await arena.do(f"CREATE TABLESPACE small LOCATION '{disk.place}'")
        try:
            await arena.do("ALTER TABLE policy.inbox SET TABLESPACE small")
            disk.fill()
            yield
        finally:
            disk.free()
            await arena.do("ALTER TABLE policy.inbox SET TABLESPACE pg_default")
            await arena.do("DROP TABLESPACE small")


@asynccontextmanager
async def kafka_disk_full(arena: Arena) -> AsyncIterator[None]:
    """The broker's log directory is on a disk of its own, which is full: the broker gives up."""
    data = arena.stack.home.kafka / "data"
    kept = data.with_name("data.kept")
    arena.kill("kafka")
    with small_disk(arena.stack.home.root / "small", allocated(data) + _ROOM_BYTES) as disk:
        await asyncio.to_thread(copy, data, disk.place)
        data.rename(kept)
        data.symlink_to(disk.place)
        try:
            await asyncio.to_thread(arena.start_stores)
            disk.fill()
            yield
            assert not arena.is_running("kafka"), "the broker had space"
        finally:
            arena.kill("kafka")
            disk.free()
            data.unlink()
            await asyncio.to_thread(copy, disk.place, data)
            shutil.rmtree(kept)
            await asyncio.to_thread(arena.start_stores)


def brokers_refuse_messages(
    arena: Arena, topics: Sequence[str] = acls.EVERY
) -> AbstractAsyncContextManager[None]:
    """Nothing can be published, or nothing to these topics."""
    return acls.without(acls.to_publish(topics), arena.stack.kafka.bootstrap)


def brokers_refuse_offsets(arena: Arena) -> AbstractAsyncContextManager[None]:
    """No offset can be committed, nobody can join a group or stay in it."""
    return acls.without(acls.to_consume(), arena.stack.kafka.bootstrap)


async def waits(arena: Arena, name: str, store: str) -> float:
    """How often a service has waited for a store since it started.

    Asked from a thread: behind an outage the load's own flows keep our loop busy for seconds.
    """
    found = await asyncio.to_thread(httpx.get, f"{arena.address(name)}/metrics", timeout=60)
    lines = found.text.splitlines()
    rows = [line for line in lines if line.startswith("tongbao_store_waits_total{")]
    return sum(float(line.split()[-1]) for line in rows if f'"{store}"' in line)
