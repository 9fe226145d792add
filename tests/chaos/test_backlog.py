"""However many messages wait, a process takes the memory of what it works on."""

from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from bench.load.balance import DECIDING
from libs.messages.partners import PARTNERS, partner_topic
from tests.chaos.arena import IS_LONG, Arena, long_only
from tests.chaos.backlog import Peak, fill_outbox, multiply, propose, work_through
from tests.chaos.handles import connected, forget_dead_letters, pass_over

pytestmark = [pytest.mark.stack, pytest.mark.chaos, pytest.mark.timeout(900)]

RSS_MIB_MAX = 256.0  # a process, whatever waits for it
WAITING = 200_000 if IS_LONG else 5_000
FRESH = 10_000  # of what waits for policy, in the long form: new proposals, not repeats
WORK_SECONDS_MAX = 12.0 if IS_LONG else 5.0  # all that it holds at once, it holds by then
RELAY_SECONDS_MAX = 60.0
FLOWS = 12  # whose messages are repeated
SANDBOX = [f"sandbox-{code.lower()}" for code in PARTNERS]
READERS = (*DECIDING, "history", *SANDBOX)
# those that work at once; each alone has the machine to itself and is at its quickest
GROUPS: Sequence[tuple[str, ...]] = (
    [(name,) for name in READERS] if IS_LONG else [("policy", "history", "sandbox-picc")]
)
# shares of WAITING that make it up for every reader
SHARES = {
    "booking.commands": 1.0,
    "policy.commands": 1.0,
    "payment.commands": 1.0,
    "policy.events": 1.0,
    **{partner_topic(code, "requests"): 1.0 for code in PARTNERS},
    **{partner_topic(code, "replies"): 1 / len(PARTNERS) for code in PARTNERS},
}
SHORT_TOPICS = ("policy.commands", "policy.events", "partner.picc.requests")


@pytest.fixture(autouse=True)
async def nothing_left(arena: Arena) -> AsyncIterator[None]:
    """What still waits after the test is not for the next."""
    yield
    arena.stack.supervisor.stop(READERS)
    async with connected(arena) as db:
        for service in DECIDING:
            for table in ("outbox", "timer", "deferral"):
                await db.execute(f"DELETE FROM {service}.{table}")  # noqa: S608 - ours
    await pass_over(arena, *READERS)
    await forget_dead_letters(arena)


async def filled(arena: Arena, shares: Mapping[str, float], fresh: int = 0) -> None:
    """After a few flows everything stands still, and readers have a backlog of their kind."""
    async with arena.under_load() as load:
        await load.started(FLOWS)
        assert not (await load.balance()).wrong
        arena.stack.supervisor.stop(READERS)
        if fresh:
            await propose(arena, load.traffic.traders[0], fresh)
        wanted = {topic: int(WAITING * part) for topic, part in shares.items()}
        await multiply(arena, load.begin, wanted)


async def peaks(arena: Arena, groups: Sequence[tuple[str, ...]], mutation: str = "") -> list[Peak]:
    """What each takes at most while it works on its backlog."""
    found: list[Peak] = []
    for names in groups:
        found += await work_through(arena, names, WORK_SECONDS_MAX, RSS_MIB_MAX, mutation=mutation)
        arena.stack.supervisor.stop(names)
    return found


async def test_memory_is_bounded_however_many_messages_wait(arena: Arena) -> None:
    shares = SHARES if IS_LONG else dict.fromkeys(SHORT_TOPICS, 1.0)
    await filled(arena, shares, FRESH if IS_LONG else 0)
    for peak in await peaks(arena, GROUPS):
        assert peak.waiting >= WAITING, peak
        assert peak.done > 0, peak
        assert 0 < peak.rss_mib <= RSS_MIB_MAX, peak


async def relayed(arena: Arena, mutation: str = "") -> Peak:
    """What policy takes while its relay publishes a large outbox."""
    arena.stack.supervisor.stop(["policy"])
    await fill_outbox(arena, "policy", WAITING)
    (peak,) = await work_through(
        arena, ["policy"], RELAY_SECONDS_MAX, RSS_MIB_MAX, mutation=mutation, outbox=True
    )
    return peak


@long_only
async def test_memory_is_bounded_however_large_the_outbox(arena: Arena) -> None:
    peak = await relayed(arena)
    assert peak.waiting >= WAITING
    assert peak.done == peak.waiting
    assert 0 < peak.rss_mib <= RSS_MIB_MAX


@long_only
async def test_a_relay_that_reads_all_of_it_breaks_the_bound(arena: Arena) -> None:
    assert (await relayed(arena, "relays_all_at_once")).rss_mib > RSS_MIB_MAX


@long_only
async def test_a_consumer_that_takes_all_of_it_breaks_the_bound(arena: Arena) -> None:
    await filled(arena, {"policy.commands": 1.0})
    (peak,) = await peaks(arena, [("policy",)], "takes_all_at_once")
    assert peak.rss_mib > RSS_MIB_MAX
