"""kill -9 at the named points of the pipeline and the relay, by fault points, not by luck."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench.load.balance import REUSED, Balance
from bench.load.flows import DUE, IN_FORCE
from libs.service.faults import Point
from tests.chaos.arena import COMMANDS_REFUSED, IS_LONG, Arena, long_only, until
from tests.chaos.handles import forget_dead_letters, lag
from tests.chaos.handles import until as holds

pytestmark = [pytest.mark.stack, pytest.mark.chaos, pytest.mark.timeout(600)]

VICTIMS = ("policy", "payment", "gateway")
EVERY: tuple[Point, ...] = (
    "before_commit",
    "after_commit",
    "before_offsets",
    "before_publish",
    "after_publish",
    "after_cursor",
)
POINTS: tuple[Point, ...] = EVERY if IS_LONG else ("before_commit", "after_commit", "after_publish")
BACKLOG = 8  # messages that wait, so that the first batch has many
PASSES_MAX = 3


async def die_at(
    arena: Arena, point: Point, name: str, place: Path, mutation: str = "", passes: int = 0
) -> None:
    """A service runs until it reaches the point (the n-th time; 0: by chance), and dies there."""
    mark = place / f"{name}-{point}"
    passes = passes or arena.chance.randint(1, PASSES_MAX)
    setting = f"{point}:{passes}:{mark}"
    await asyncio.to_thread(arena.start, name, mutation=mutation, fault_point=setting)
    await until(lambda: mark.exists() and not arena.is_running(name), f"{name} dead at {point}")


async def die_at_each(
    arena: Arena, points: Sequence[Point], name: str, place: Path, mutation: str = ""
) -> None:
    """A service dies at one point after the other, and is started again for good."""
    for point in points:
        await die_at(arena, point, name, place, mutation, passes=1 if mutation else 0)
    await asyncio.to_thread(arena.start, name, mutation=mutation)


async def die_with_a_backlog(
    arena: Arena, point: Point, place: Path, mutation: str = ""
) -> Balance:
    """What is found when policy dies in its first batch, which has many submissions."""
    async with arena.under_load() as load:
        await load.started(1, IN_FORCE)  # policy knows the agreement that all stand on
        arena.kill("policy")
        waiting = await lag(arena, "policy") + BACKLOG

        async def has_backlog() -> bool:
            return await lag(arena, "policy") >= waiting

        await holds(has_backlog, 60, "messages wait for policy")
        await die_at(arena, point, "policy", place, mutation, passes=1)
        arena.start("policy", mutation=mutation)
        return await (load.at_rest() if mutation else load.balance())


def names(found: Balance) -> set[str]:
    """What does not balance."""
    return {finding.what for finding in found.wrong}


async def test_every_point(arena: Arena, tmp_path: Path) -> None:
    async with arena.under_load() as load:
        async with asyncio.TaskGroup() as together:
            for name in VICTIMS:
                together.create_task(die_at_each(arena, POINTS, name, tmp_path))
        assert not (await load.balance()).wrong


@long_only
async def test_a_deferral_that_is_due(arena: Arena, tmp_path: Path) -> None:
    async with arena.under_load() as load:
        arena.kill("payment")
        await load.started(BACKLOG, DUE)
        await die_at_each(arena, ["before_timer"], "payment", tmp_path, "commands_first")
        assert not (await load.balance()).wrong


@long_only
async def test_mutation_offsets_before_the_commit_lose_messages(
    arena: Arena, tmp_path: Path
) -> None:
    assert (await die_with_a_backlog(arena, "before_commit", tmp_path, "offsets_first")).has_losses


@long_only
async def test_a_batch_that_comes_twice_counts_once(arena: Arena, tmp_path: Path) -> None:
    assert not (await die_with_a_backlog(arena, "after_commit", tmp_path)).wrong


async def test_mutation_without_the_inbox_commands_count_again(
    arena: Arena, tmp_path: Path
) -> None:
    try:
        found = await die_with_a_backlog(arena, "after_commit", tmp_path, "no_inbox")
    finally:
        await forget_dead_letters(arena)
    assert {COMMANDS_REFUSED, REUSED} <= names(found)


@long_only
async def test_mutation_an_outbox_emptied_before_the_brokers_word_loses_messages(
    arena: Arena, tmp_path: Path
) -> None:
    async with arena.under_load() as load:
        await die_at_each(arena, ["before_publish"], "policy", tmp_path, "outbox_emptied_first")
        found = await load.at_rest()
    assert found.has_losses


@long_only
async def test_mutation_an_outbox_written_after_the_commit_loses_messages(
    arena: Arena, tmp_path: Path
) -> None:
    found = await die_with_a_backlog(arena, "after_commit", tmp_path, "outbox_after_commit")
    assert found.has_losses
