"""Benchmarks `flows` and `latency`: complete flows through the whole system, all parties here."""

import asyncio
from dataclasses import dataclass
from statistics import median

import psutil

from bench.harness import Figure, Result, percentile
from bench.load.balance import Balance, balance
from bench.load.flows import IN_FORCE, Flow, Traffic
from bench.load.topics import ends
from bench.stand import cpu_seconds, processes, stand
from deploy.local.members import members
from deploy.local.stack import LocalStack
from libs.lifecycle.tables import CARGO_PROPOSAL

TARGET_RATE = 25.0
RATE = 26.0  # started a second: the last one's way is part of the time that is measured
SECONDS = 180.0
HIGH_RATE, HIGH_SECONDS = 60.0, 12.0  # more than it keeps up with: what it does then
LOW_RATE, LOW_SECONDS = 3.0, 30.0
LATENCY_RATE, LATENCY_SECONDS = TARGET_RATE / 2, 60.0
P50_SECONDS, P99_SECONDS = 0.3, 1.0
_WARM_RATE, _WARM_SECONDS = 5.0, 4.0
_FINISH_SECONDS = 120.0


@dataclass(frozen=True)
class Run:
    """Flows at a steady rate, what they cost and how they came out."""

    flows: list[Flow]
    seconds: float  # from the first start until the last policy
    cpu: dict[str, float]  # CPU seconds by process
    balance: Balance

    @property
    def rate(self) -> float:
        """Finished flows a second."""
        return len(self.flows) / self.seconds

    def each(self, count: float) -> float:
        """So many of all, a flow."""
        return round(count / len(self.flows), 1)

    def cpu_ms(self, name: str) -> float:
        """CPU milliseconds that a process used a flow."""
        return self.cpu[name] / len(self.flows) * 1000


async def play(stack: LocalStack, *loads: tuple[float, float]) -> list[Run]:
    """Warm up, then run flows at each rate, for so many seconds, and check the balance."""
    async with Traffic.on(stack) as traffic:
        await traffic.run(_WARM_RATE, _WARM_SECONDS)
        await traffic.finished(_FINISH_SECONDS)
        return [await _run(stack, traffic, *load) for load in loads]


async def _run(stack: LocalStack, traffic: Traffic, rate: float, seconds: float) -> Run:
    begin = await ends(stack.kafka.bootstrap)
    before = _cpu(stack)
    flows = await traffic.run(rate, seconds)
    await traffic.finished(_FINISH_SECONDS + seconds, flows)
    used = {name: value - before[name] for name, value in _cpu(stack).items()}
    last = max(flow.steps[IN_FORCE] for flow in flows)
    found = await balance(stack, flows, begin)
    return Run(flows, last - flows[0].due_at, used, found)


def _cpu(stack: LocalStack) -> dict[str, float]:
    names = [row.name for row in members(stack.surroundings)]
    used = {
        name: cpu_seconds(processes(stack, [name]))
        for name in (*names, stack.kafka.name, stack.postgres.name)
    }
    return {**used, "load generator": cpu_seconds([psutil.Process()], children=False)}


def flows_bench() -> Result:
    """Flows a second that the system keeps up with, with balanced counts."""
    with stand() as stack:
        run, high = asyncio.run(play(stack, (RATE, SECONDS), (HIGH_RATE, HIGH_SECONDS)))
    books = run.balance.books
    behind = max(0.0, run.seconds - SECONDS)
    return Result(
        "flows",
        round(run.rate, 1),
        "flows/s",
        target=TARGET_RATE,
        figures=[
            _unbalanced(run, high),
            Figure(
                f"when {HIGH_RATE:g} are started a second, {HIGH_SECONDS:g} s",
                round(high.rate, 1),
                "flows/s",
            ),
            Figure("seconds after the last start until all were done", round(behind, 1), "s"),
            Figure("messages on topics", run.each(sum(books.unique.values())), "a flow"),
            Figure("signatures made", run.each(books.signatures), "a flow"),
            Figure("signatures verified", run.each(books.verifications), "a flow"),
            *_latencies(run.flows),
            *_costs(run),
        ],
        load=f"{RATE:g} flows started a second for {SECONDS:g} s, two companies, two "
        "insurers, two banks, signatures verified at every hop",
    )


def latency_bench() -> Result:
    """Request until policy in force at half the load, from the time a request was due."""
    with stand() as stack:
        low, run = asyncio.run(
            play(stack, (LOW_RATE, LOW_SECONDS), (LATENCY_RATE, LATENCY_SECONDS))
        )
    p50, p99, *rest = _latencies(run.flows, targets=True)
    return Result(
        "latency",
        p50.value,
        p50.unit,
        target=P50_SECONDS,
        at_most=True,
        figures=[
            p99,
            *rest,
            *_latencies(low.flows, f" at {LOW_RATE:g} flows/s"),
            *_steps(run.flows),
            _unbalanced(low, run),
        ],
        load=f"open loop, {LATENCY_RATE:g} flows/s for {LATENCY_SECONDS:g} s, clocks start when a "
        "flow was due (coordinated omission corrected)",
    )


def _unbalanced(*runs: Run) -> Figure:
    wrong = sum(len(run.balance.wrong) for run in runs)
    return Figure("comparisons that do not balance", wrong, "", 0, at_most=True)


def _latencies(flows: list[Flow], when: str = "", *, targets: bool = False) -> list[Figure]:
    seconds = [flow.seconds for flow in flows]
    goals = {0.5: P50_SECONDS, 0.99: P99_SECONDS} if targets else {}
    return [
        Figure(
            f"request until policy in force{when}, p{part * 100:g}",
            round(percentile(seconds, part), 3),
            "s",
            goals.get(part),
            at_most=True,
        )
        for part in (0.5, 0.99, 0.999)
    ]


def _steps(flows: list[Flow]) -> list[Figure]:
    """When a flow is where, in the order of its way: where its time goes."""
    ways = [flow for flow in flows if IN_FORCE in flow.steps]
    codes = {code for flow in ways for code in flow.steps}
    middle = {
        code: median(flow.steps[code] - flow.due_at for flow in ways if code in flow.steps)
        for code in codes
    }
    return [
        Figure(f"until {code} {CARGO_PROPOSAL.state(code).zh}, p50", round(middle[code], 3), "s")
        for code in sorted(codes, key=lambda code: middle[code])
    ]


def _costs(run: Run) -> list[Figure]:
    return [
        Figure(f"CPU of {name}", round(run.cpu_ms(name), 2), "ms a flow")
        for name in sorted(run.cpu, key=run.cpu_ms, reverse=True)
    ]
