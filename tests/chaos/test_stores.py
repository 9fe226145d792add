"""Kafka and PostgreSQL are killed, stay away, refuse, have no space: all is waited out."""

import asyncio

import pytest

from bench.load.balance import Balance
from tests.chaos import outages
from tests.chaos.arena import IS_LONG, Arena, Load, long_only
from tests.chaos.outages import Outage

pytestmark = [pytest.mark.stack, pytest.mark.chaos, pytest.mark.timeout(600)]

AWAY_SECONDS = 20.0 if IS_LONG else 2.0
MINUTE_SECONDS = 60.0 if IS_LONG else 6.0
BETWEEN = 12 if IS_LONG else 4  # flows that start between two outages

IN_TURN: tuple[tuple[Outage, float], ...] = (
    (outages.kafka_away, 0),
    (outages.postgres_refuses, AWAY_SECONDS),
    (outages.commits_lose_a_race, AWAY_SECONDS),
    (outages.brokers_refuse_messages, AWAY_SECONDS),
    (outages.postgres_away, 0),
    (outages.kafka_away, MINUTE_SECONDS),
    (outages.commits_find_no_space, AWAY_SECONDS),
    (outages.brokers_refuse_offsets, AWAY_SECONDS),
    (outages.both_away, AWAY_SECONDS),
)


async def outage(load: Load, what: Outage, seconds: float) -> None:
    """Flows go on starting while a store is out for so long, and for a while behind it."""
    async with what(load.arena):
        await asyncio.sleep(seconds)
    print(what.__name__, f"{seconds:.0f} s over, {len(load.flows)} flows")
    await load.started(BETWEEN)


async def test_each_outage_in_turn(arena: Arena) -> None:
    async with arena.under_load() as load:
        for what, seconds in IN_TURN:
            await outage(load, what, seconds)
        assert not (await load.balance()).wrong


@long_only
@pytest.mark.parametrize(
    ("what", "store"),
    [(outages.postgres_disk_full, "postgresql"), (outages.kafka_disk_full, "kafka")],
)
async def test_a_full_disk(arena: Arena, what: Outage, store: str) -> None:
    async with arena.under_load() as load:
        before = await outages.waits(arena, "policy", store)
        await outage(load, what, AWAY_SECONDS)
        assert await outages.waits(arena, "policy", store) > before
        assert not (await load.balance()).wrong


async def mutated(arena: Arena, mutation: str, name: str, what: Outage) -> Balance:
    """What is left when a service without a mechanism meets an outage."""
    arena.start(name, mutation=mutation)
    async with arena.under_load() as load:
        await load.started(BETWEEN)
        await outage(load, what, 2.0)
        arena.start(name)
        return await load.at_rest()


@long_only
async def test_mutation_without_patience_messages_become_dead_letters(arena: Arena) -> None:
    found = await mutated(arena, "no_patience", "policy", outages.commits_find_no_space)
    assert "dead letters of policy" in names(found)


@long_only
async def test_mutation_an_outbox_emptied_before_the_brokers_word_loses_messages(
    arena: Arena,
) -> None:
    found = await mutated(arena, "outbox_emptied_first", "policy", outages.brokers_refuse_messages)
    assert found.has_losses


def names(found: Balance) -> set[str]:
    """What does not balance."""
    return {finding.what for finding in found.wrong}
