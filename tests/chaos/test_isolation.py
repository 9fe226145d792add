"""One insurer slow or dead for the whole run: the other's flows are as quick as ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bench.harness import percentile
from tests.chaos.arena import IS_LONG, RATE, Arena, Load, long_only
from tests.chaos.handles import behaving

pytestmark = [pytest.mark.stack, pytest.mark.chaos, pytest.mark.timeout(900)]

STRICKEN, OTHER = "PICC", "CPIC"
SECONDS = 30.0 if IS_LONG else 4.0  # of flows, clean and then again with the other insurer away
FACTOR_MAX = 1.5  # p99 of the other's flows against the same in the clean part of the run
NOISE_SECONDS = 0.5  # what two runs of the same differ by on a machine with other work
PATIENCE = {"ask_again_seconds": 1.0, "ask_again_pending_seconds": 2.0}


@asynccontextmanager
async def dead(arena: Arena) -> AsyncIterator[None]:
    """The insurer's process is gone."""
    name = f"sandbox-{STRICKEN.lower()}"
    arena.kill(name)
    try:
        yield
    finally:
        arena.start(name)


@asynccontextmanager
async def slow(arena: Arena) -> AsyncIterator[None]:
    """The insurer takes so long that none of its flows ends while the other's are measured."""
    async with behaving(arena, STRICKEN, delay_ms=int(SECONDS * 1000)):
        yield


@asynccontextmanager
async def silent(arena: Arena) -> AsyncIterator[None]:
    """The insurer says nothing, and is asked again."""
    async with behaving(arena, STRICKEN, silent=True):
        yield


TROUBLES = {"dead": dead, "slow": slow, "silent": silent}


async def p99s(arena: Arena, trouble: str, mutation: str = "") -> tuple[float, float]:
    """The p99 of the other insurer's flows: clean, and with one insurer in trouble."""
    arena.start("policy", mutation=mutation, **PATIENCE)
    async with arena.under_load() as load:
        await _flows(load, 1.0)  # what is not warm yet is in neither
        clean = await _flows(load, SECONDS)
        async with TROUBLES[trouble](arena):
            troubled = await _flows(load, SECONDS)
        assert not (await load.balance()).wrong
    print(f"{OTHER} p99 clean {clean:.2f} s, {STRICKEN} {trouble}: {troubled:.2f} s")
    return clean, troubled


async def _flows(load: Load, seconds: float) -> float:
    """The p99 of the other insurer's flows that start in this time."""
    before = len(load.flows)
    await asyncio.sleep(seconds)
    own = [flow for flow in load.flows[before:] if flow.insurer == OTHER]
    await load.traffic.finished(60, own)
    assert len(own) > seconds * RATE / 4, "too few flows to say anything"
    return percentile([flow.seconds for flow in own], 0.99)


@pytest.mark.parametrize(
    "trouble",
    ["dead", pytest.param("slow", marks=long_only), pytest.param("silent", marks=long_only)],
)
async def test_the_other_insurers_flows_keep_their_pace(arena: Arena, trouble: str) -> None:
    clean, troubled = await p99s(arena, trouble)
    assert troubled <= clean * FACTOR_MAX + NOISE_SECONDS


@long_only
async def test_waiting_for_an_insurer_in_the_pipeline_would_hold_up_all(arena: Arena) -> None:
    clean, troubled = await p99s(arena, "dead", "waits_for_insurers")
    assert troubled > clean * FACTOR_MAX + NOISE_SECONDS
