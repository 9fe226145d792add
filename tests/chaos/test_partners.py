"""Partners that answer twice, late, not at all, with garbage, or what they were not asked."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

import pytest

from bench.load.balance import Balance
from bench.load.flows import NotFinished
from libs.messages.partners import BANKS, partner_topic
from sandbox.desk import NONSENSE
from tests.chaos.arena import IS_LONG, Arena, long_only
from tests.chaos.forger import ASKED, PREMIUM, forging
from tests.chaos.handles import (
    behaving,
    dead_letters,
    forget_dead_letters,
    records_since,
    until,
)

pytestmark = [pytest.mark.stack, pytest.mark.chaos, pytest.mark.timeout(600)]

WINDOW_SECONDS = 10.0 if IS_LONG else 1.5  # that a partner behaves badly
# first waits; a bank's is longer than the banks take when they are well
PATIENCE: Mapping[str, Mapping[str, float]] = {
    "policy": {"ask_again_seconds": 1.0, "ask_again_pending_seconds": 2.0},
    "payment": {"query_seconds": 2.0},
}
TROUBLES: Sequence[tuple[str, Mapping[str, object]]] = (
    ("PICC", {"twice": True}),
    ("CPIC", {"delay_ms": 700}),
    ("ICBC", {"silent": True}),
    ("PICC", {"silent": True}),
    ("BOC", {"garbage": True}),
    ("CPIC", {"garbage": True}),
    ("ICBC", {"twice": True}),
    ("BOC", {"delay_ms": 700}),
)
COLLECT = "iso20022.pain.008.001.07"


@pytest.fixture(autouse=True)
async def letters_forgotten(arena: Arena) -> AsyncIterator[None]:
    yield
    await forget_dead_letters(arena)


@dataclass
class Outcome:
    """What became of a load whose partners behaved badly."""

    flows: int
    balance: Balance
    garbage: int
    letters: Counter[tuple[str, str]]

    @property
    def collections(self) -> int:
        """Different collections that banks were asked for."""
        return sum(
            self.balance.books.of(partner_topic(bank, "requests"), COLLECT).total()
            for bank in BANKS
        )


async def troubled(
    arena: Arena,
    troubles: Sequence[tuple[str, Mapping[str, object]]] = TROUBLES,
    *,
    seconds_max: float = 120.0,
    **mutated: str,
) -> Outcome:
    """One trouble after the other under load. Raises NotFinished."""
    for service in {*PATIENCE, *mutated}:
        settings = PATIENCE.get(service, {})
        arena.start(service, mutation=mutated.get(service, ""), **settings)
    async with arena.under_load() as load:
        for partner, how in troubles:
            async with behaving(arena, partner, **how):
                await asyncio.sleep(WINDOW_SECONDS)
        await load.stop()
        await load.traffic.finished(seconds_max)
        replies = [partner_topic(partner, "replies") for partner, _ in troubles]
        records = await records_since(arena, load.begin, set(replies))
        garbage = sum(1 for record in records if record.value == NONSENSE)
        load.dead["gateway"] = garbage
        found = await load.balance()
    return Outcome(len(load.flows), found, garbage, await dead_letters(arena))


async def test_twice_late_never_garbage(arena: Arena) -> None:
    outcome = await troubled(arena)
    assert not outcome.balance.wrong
    assert outcome.garbage > 0
    assert outcome.letters == {("gateway", "HEADERS"): outcome.garbage}
    assert outcome.collections == outcome.flows


@long_only
async def test_an_insurer_cannot_answer_for_another(arena: Arena) -> None:
    premiums, forged = await answered_by_others(arena)
    assert forged > 0
    assert PREMIUM not in premiums
    assert await dead_letters(arena) == {
        ("policy", "WRONG_PARTNER"): forged,
        ("policy", "STALE_ANSWER"): forged,
        ("gateway", "NOT_PERMITTED"): forged,
    }


async def answered_by_others(arena: Arena, mutation: str = "") -> tuple[Counter[object], int]:
    """Premiums by how many flows were told them, while another insurer answers first."""
    arena.start("policy", mutation=mutation, **PATIENCE["policy"])
    async with (
        forging(arena.stack) as forger,
        arena.under_load() as load,
        behaving(arena, ASKED, delay_ms=1000),
    ):
        await asyncio.sleep(WINDOW_SECONDS * 2)
        await load.stop()
        flows = [flow for flow in load.flows if flow.insurer == ASKED]

        async def quoted() -> bool:
            return len(forger.asked) == len(flows) and all(flow.premium for flow in flows)

        await until(quoted, 60, "every proposal has a premium")
        premiums: Counter[object] = Counter(flow.premium for flow in flows)
        print(f"forged for {len(forger.asked)} proposals, premiums told {premiums}")
        if not mutation:
            load.dead.update(policy=2 * len(flows), gateway=len(flows))
            assert not (await load.balance()).wrong
        return premiums, len(flows)


@long_only
async def test_without_the_check_whoever_answers_first_is_believed(arena: Arena) -> None:
    premiums, _ = await answered_by_others(arena, "believes_any_insurer")
    assert PREMIUM in premiums


LOST = (("ICBC", {"silent": True}),)


@long_only
async def test_without_asking_a_lost_answer_is_waited_for_for_ever(arena: Arena) -> None:
    with pytest.raises(NotFinished, match=r"by state \{'30': \d+\}"):
        await troubled(arena, LOST, seconds_max=30, payment="never_asks")


@long_only
async def test_collecting_again_instead_of_asking_would_show(arena: Arena) -> None:
    outcome = await troubled(arena, LOST, gateway="collects_again")
    assert outcome.collections > outcome.flows


@long_only
async def test_without_asking_again_a_silent_insurer_stops_flows(arena: Arena) -> None:
    silent = (("PICC", {"silent": True}),)
    with pytest.raises(NotFinished, match=r"by state \{('(12|31)': \d+(, )?)+\}"):
        await troubled(arena, silent, seconds_max=30, policy="never_asks")
