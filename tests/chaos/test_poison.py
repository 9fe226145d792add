"""Bad input between good: each piece is set aside with its reason, and neighbours hardly notice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

import pytest
from aiokafka import AIOKafkaConsumer

from bench.load.balance import DECIDING
from bench.load.traders import trading
from bench.stand import counter, cpu_seconds
from libs.service.outbox import Outbound
from tests.chaos.arena import IS_LONG, RATE, Arena, long_only
from tests.chaos.handles import (
    connected,
    dead_letters,
    forget_dead_letters,
    lag,
    pass_over,
    publish,
    until,
)
from tests.chaos.poison import CASES, Signing

pytestmark = [pytest.mark.stack, pytest.mark.chaos, pytest.mark.timeout(900)]

SHARE = 0.05  # of what comes is poison
MESSAGES = 4000  # a round takes seconds, with each kind of poison in it
ROUNDS = 6  # always all of them: who stops at a good one measures luck
RATIO_MIN = 0.8  # of the clean throughput
TIMES = 8 if IS_LONG else 1  # each kind, under load
DRAIN_SECONDS_MAX = 60.0
AGAIN_SECONDS = 3600.0  # the insurers are away, and asking them again would be work of its own
EVENTS = 2  # that a proposal gives: 已提交, 数据审核成功
OTHERS = (*(name for name in DECIDING if name != "policy"), "history", "sandbox-picc")
FAULTY = "breaks_on_marked"  # policy, with a fault of its own for one more kind of poison
FAULT = "breaks our code"
BAD = [name for name in CASES if name != FAULT]

Letters = Counter[tuple[str, str]]


@pytest.fixture(autouse=True)
async def letters_forgotten(arena: Arena) -> AsyncIterator[None]:
    yield
    await forget_dead_letters(arena)


@dataclass(frozen=True)
class Pace:
    """How quickly policy worked through clean proposals, and what each cost it."""

    per_second: float
    cpu_ms: float

    def __str__(self) -> str:
        return f"{self.per_second:.0f}/s at {self.cpu_ms:.2f} ms"


@dataclass
class Drained:
    """Clean proposals alone and with poison between them; what was set aside."""

    clean: list[Pace] = field(default_factory=list)
    poisoned: list[Pace] = field(default_factory=list)
    expected: Letters = field(default_factory=Counter)
    found: Letters = field(default_factory=Counter)

    @property
    def ratio(self) -> float:
        """Throughput with poison to throughput without: the median of rounds that took turns.

        A machine whose speed drifts slows both rounds of a pair.
        """
        pairs = zip(self.poisoned, self.clean, strict=True)
        return median(poisoned.per_second / clean.per_second for poisoned, clean in pairs)

    def __str__(self) -> str:
        rounds = zip(self.clean, self.poisoned, strict=True)
        return "\n".join([*(f"clean {c}, poisoned {p}" for c, p in rounds), f"{self.ratio:.2f}"])


def poison(signing: Signing, count: int, kinds: Sequence[str]) -> tuple[list[Outbound], Letters]:
    """So many pieces, each kind in turn, and the dead letters that they must become."""
    names = [kinds[number % len(kinds)] for number in range(count)]
    letters = Counter(("policy", CASES[name][1]) for name in names)
    return [CASES[name][0](signing) for name in names], letters


def mixed(clean: list[Outbound], bad: Iterable[Outbound]) -> list[Outbound]:
    """Bad pieces evenly between the clean ones."""
    rows, every = list(clean), round(1 / SHARE)
    for number, row in enumerate(bad):
        rows.insert(number * (every + 1) + every // 2, row)
    return rows


async def drained(arena: Arena, mutation: str = "", kinds: Sequence[str] = BAD) -> Drained:
    """Rounds in turn: as many clean proposals wait for policy, alone and with poison between."""
    async with trading(arena.stack) as traders:
        signing = Signing(arena.stack, traders[0])
        arena.stack.supervisor.stop(["policy", *OTHERS])
        result = Drained()
        try:
            for _ in range(ROUNDS):
                rows = [signing.proposal() for _ in range(MESSAGES)]
                bad, letters = poison(signing, round(MESSAGES * SHARE), kinds)
                result.expected += letters
                result.poisoned.append(await _drain(arena, mixed(rows, bad), mutation))
                rows = [signing.proposal() for _ in range(MESSAGES)]
                result.clean.append(await _drain(arena, rows, mutation))
            result.found = await dead_letters(arena)
        finally:
            await _leave_nothing(arena)
    print(result)
    return result


async def _drain(arena: Arena, rows: list[Outbound], mutation: str) -> Pace:
    """From the first tenth of the clean proposals to the last."""
    async with AIOKafkaConsumer(bootstrap_servers=arena.stack.kafka.bootstrap) as looking:
        events = counter(looking, "policy.events")
        before = await events.count()
        await publish(arena, rows)
        arena.start("policy", mutation=mutation, ask_again_seconds=AGAIN_SECONDS)
        processes = arena.stack.supervisor.find("policy")
        warm = await events.reach(before + EVENTS * MESSAGES // 10, DRAIN_SECONDS_MAX)
        cpu = cpu_seconds(processes)
        looks = await events.reach(before + EVENTS * MESSAGES, DRAIN_SECONDS_MAX)
        cpu = cpu_seconds(processes) - cpu

    async def all_read() -> bool:
        return await lag(arena, "policy") == 0

    await until(all_read, 60, "policy has read everything")
    arena.stack.supervisor.stop(["policy"])
    (began, first), (ended, last) = warm[-1], looks[-1]
    proposals = (last - first) / EVENTS
    return Pace(proposals / (ended - began), cpu * 1000 / proposals)


async def _leave_nothing(arena: Arena) -> None:
    """What waits for others, and timers about it, is not for the next test."""
    arena.stack.supervisor.stop(["policy"])
    await pass_over(arena, *OTHERS)
    async with connected(arena) as db:
        await db.execute("DELETE FROM policy.timer")


@long_only
async def test_neighbours_are_not_slowed_down(arena: Arena) -> None:
    result = await drained(arena)
    assert result.found == result.expected
    assert result.ratio >= RATIO_MIN


async def test_flows_go_on_between_poison(arena: Arena) -> None:
    arena.start("policy", mutation=FAULTY)
    async with arena.under_load() as load:
        signing = Signing(arena.stack, load.traffic.traders[0])
        pieces, letters = poison(signing, len(CASES) * TIMES, list(CASES))
        for piece in arena.chance.sample(pieces, len(pieces)):
            await publish(arena, [piece])
            await asyncio.sleep(1 / RATE)  # one for each flow that starts, with its 20 messages
        load.dead["policy"] = len(pieces)
        assert not (await load.balance()).wrong
    assert await dead_letters(arena) == letters


@long_only
async def test_examined_together_neighbours_would_die_with_it(arena: Arena) -> None:
    with pytest.raises(TimeoutError):  # fewer events than clean proposals give
        await drained(arena, "examined_together")
    assert (await dead_letters(arena)).total() > 2 * MESSAGES * SHARE


@long_only
async def test_without_halving_neighbours_would_die_with_it(arena: Arena) -> None:
    with pytest.raises(TimeoutError):
        await drained(arena, "breaks_and_spreads", kinds=[FAULT])
    assert (await dead_letters(arena))["policy", "UNEXPECTED"] > 2 * MESSAGES * SHARE
