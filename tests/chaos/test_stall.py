"""A service that lives and does not move: its own liveness check and a metric say so."""

import re
from dataclasses import dataclass, field

import pytest

from bench.load.flows import Flow
from tests.chaos.arena import Arena, long_only
from tests.chaos.handles import connected, health, until

pytestmark = [pytest.mark.stack, pytest.mark.chaos, pytest.mark.timeout(600)]

STALL_SECONDS = 2.0
LOOK_SECONDS = 0.5  # must be less, or what moves between two looks is taken for stuck
NOTICED_SECONDS_MAX = 15.0
# what is locked, so that this service can do nothing more
TABLES = {
    "policy": "policy.record",
    "payment": "payment.inbox",
    "gateway": "gateway.record",
    "history": "history.document",
}
_STALLED = re.compile(r'^tongbao_stalled\{activity="(\w+)".*\} 1\.0$', re.MULTILINE)


@dataclass
class Seen:
    """What a service said of itself while it was stuck, and afterwards."""

    status: int = 0  # of /livez
    named: set[str] = field(default_factory=set)  # by /livez
    measured: set[str] = field(default_factory=set)  # by /metrics
    after_seconds: float = 0.0


async def stalled(arena: Arena, service: str, *, mutation: str = "") -> Seen:
    """Lock the service's table under load, and see what it says; then everything must go on."""
    quick = {"stall_seconds_max": STALL_SECONDS, "trust_refresh_seconds": LOOK_SECONDS}
    arena.start(service, mutation=mutation, **quick)
    await until(lambda: _is_live(arena, service), 60, f"{service} starts")
    seen = Seen()
    async with arena.under_load() as load:
        await until(lambda: _one_ended(load.flows), 60, "flows end")
        async with connected(arena) as db, db.transaction():
            await db.execute(f"LOCK TABLE {TABLES[service]} IN ACCESS EXCLUSIVE MODE")
            try:
                seen.after_seconds = await until(
                    lambda: _looked(arena, service, seen), NOTICED_SECONDS_MAX, "it says so"
                )
            except AssertionError as error:
                print(f"{service}: {error}: {seen}")
        await until(lambda: _is_live(arena, service), 30, f"{service} is alive again")
        assert not (await load.balance()).wrong
    return seen


async def _one_ended(flows: list[Flow]) -> bool:
    return any(flow.ended.is_set() for flow in flows)


async def _is_live(arena: Arena, service: str) -> bool:
    return arena.is_ready(service) and (await health(arena, service, "/livez")).is_success


async def _looked(arena: Arena, service: str, seen: Seen) -> bool:
    live = await health(arena, service, "/livez")
    seen.status, seen.named = live.status_code, set(live.json()["stalled_seconds"])
    seen.measured = set(_STALLED.findall((await health(arena, service, "/metrics")).text))
    return seen.status == 503 and "pipeline" in seen.named & seen.measured


@pytest.mark.parametrize(
    "service",
    [pytest.param(name, marks=long_only) if name != "policy" else name for name in TABLES],
)
async def test_it_says_so_itself_and_goes_on_when_it_can(arena: Arena, service: str) -> None:
    seen = await stalled(arena, service)
    print(f"{service} stuck: {seen}")
    assert seen.status == 503
    assert "pipeline" in seen.named & seen.measured


@long_only
async def test_without_the_watch_nobody_would_know(arena: Arena) -> None:
    seen = await stalled(arena, "policy", mutation="no_stall_watch")
    assert (seen.status, seen.named, seen.measured) == (200, set(), set())
