"""Kafka and PostgreSQL are killed, stay away, refuse, have no space: all is waited out."""

import asyncio
from decimal import Decimal
from functools import partial

import pytest

from bench.load.balance import Balance
from bench.load.flows import IN_FORCE
from bench.load.traders import trading
from libs.messages import numbers
from tests.chaos import handles, outages
from tests.chaos.arena import IS_LONG, Arena, Load, long_only
from tests.chaos.outages import Outage
from tongbao.client import Overdue
from tongbao.demo.scenes import today

pytestmark = [pytest.mark.stack, pytest.mark.chaos, pytest.mark.timeout(900)]

AWAY_SECONDS = 20.0 if IS_LONG else 2.0
MINUTE_SECONDS = 60.0
OUT_SECONDS = 2.0
WAIT_SECONDS = 12.0  # that a message may wait for another
PREMIUM = Decimal("66.00")  # of the flows
BETWEEN = 12 if IS_LONG else 4  # flows that start between two outages

# each with how long, and which store a service will have waited for
OFTEN: tuple[tuple[Outage, float, str], ...] = (
    (outages.kafka_away, 0, ""),
    (outages.brokers_refuse_messages, AWAY_SECONDS, "kafka"),
    (outages.postgres_away, 0, ""),
    (outages.commits_find_no_space, AWAY_SECONDS, "postgresql"),
)
MORE: tuple[tuple[Outage, float, str], ...] = (
    (outages.postgres_refuses, AWAY_SECONDS, "postgresql"),
    (outages.commits_lose_a_race, AWAY_SECONDS, "postgresql"),
    (outages.kafka_away, MINUTE_SECONDS, "kafka"),
    (outages.brokers_refuse_offsets, AWAY_SECONDS, "kafka"),
    (outages.both_away, AWAY_SECONDS, "postgresql"),
)
IN_TURN = OFTEN + MORE if IS_LONG else OFTEN


async def outage(load: Load, what: Outage, seconds: float, store: str = "") -> None:
    """Flows go on starting while a store is out for so long, and for a while behind it."""
    before = await outages.waits(load.arena, "policy", store)
    async with what(load.arena):
        await asyncio.sleep(seconds)
    waits = await outages.waits(load.arena, "policy", store) - before
    print(what.__name__, f"{seconds:.0f} s over, {waits:.0f} waits, {len(load.flows)} flows")
    assert waits > 0 or not store, f"policy did not notice that {store} was out"
    await load.started(BETWEEN)


async def test_each_outage_in_turn(arena: Arena) -> None:
    async with arena.under_load() as load:
        for what, seconds, store in IN_TURN:
            await outage(load, what, seconds, store)
        assert not (await load.balance()).wrong


async def paid_early(arena: Arena, mutation: str = "") -> str:
    """A payment that comes before its proposal, and brokers away for longer than it may wait.

    What it ends in; each second of waiting counts only while what it waits for could come.
    """
    arena.start("payment", mutation=mutation, deferral_seconds_max=WAIT_SECONDS)
    async with trading(arena.stack) as traders:
        trader, day = traders[0], today()
        proposal = numbers.new_number(numbers.PROPOSAL, day)
        payment = numbers.new_number(numbers.PAYMENT, day)
        await trader.pay(payment, proposal, PREMIUM)
        await handles.until(lambda: waiting(arena), 30, "the payment waits")
        async with outages.kafka_away(arena):
            await asyncio.sleep(WAIT_SECONDS + 2)
        await trader.propose(proposal, day)
        try:
            await trader.operator.wait_for("cargo-proposal", proposal, IN_FORCE, seconds=30)
        except Overdue as overdue:
            return str(overdue)
    return ""


async def waiting(arena: Arena) -> bool:
    (row,) = await arena.sql("SELECT count(*) AS rows FROM payment.deferral")
    return bool(row["rows"])


@long_only
async def test_nothing_is_refused_for_what_could_not_come(arena: Arena) -> None:
    assert not await paid_early(arena)


@long_only
async def test_mutation_by_the_clock_alone_it_would_be_refused(arena: Arena) -> None:
    assert "in 24" in await paid_early(arena, "waits_by_the_clock")


@long_only
@pytest.mark.parametrize(
    ("what", "store"),
    [(outages.postgres_disk_full, "postgresql"), (outages.kafka_disk_full, "kafka")],
)
async def test_a_full_disk(arena: Arena, what: Outage, store: str) -> None:
    async with arena.under_load() as load:
        await outage(load, what, AWAY_SECONDS, store)
        assert not (await load.balance()).wrong


async def mutated(arena: Arena, mutation: str, name: str, what: Outage) -> Balance:
    """What is left when a service without a mechanism meets an outage, and dies in it."""
    arena.start(name, mutation=mutation)
    async with arena.under_load() as load:
        await load.started(BETWEEN, IN_FORCE)  # it is at work
        async with what(load.arena):
            await asyncio.sleep(OUT_SECONDS)
            arena.kill(name)
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
    refused = partial(outages.brokers_refuse_messages, topics=["policy.events"])
    found = await mutated(arena, "outbox_emptied_first", "policy", refused)
    assert found.has_losses


def names(found: Balance) -> set[str]:
    """What does not balance."""
    return {finding.what for finding in found.wrong}
