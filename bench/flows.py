"""Benchmarks `flows` and `latency`: complete flows through the whole system, all parties here."""

import asyncio
from dataclasses import dataclass

import psutil

from bench.harness import Figure, Result, percentile
from bench.load.balance import Balance, balance
from bench.load.flows import IN_FORCE, Flow, Traffic
from bench.load.topics import ends
from bench.stand import cpu_seconds, processes, stand
from deploy.local.members import members
from deploy.local.stack import LocalStack

TARGET_RATE = 25.0
SECONDS = 180.0
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

    @property
    def messages(self) -> float:
        """Messages on topics a flow."""
        return sum(self.balance.books.unique.values()) / len(self.flows)

    def cpu_ms(self, name: str) -> float:
        """CPU milliseconds that a process used a flow."""
        return self.cpu[name] / len(self.flows) * 1000


async def play(stack: LocalStack, rate: float, seconds: float) -> Run:
    """Warm up, then run the flows and check the balance."""
    async with Traffic.on(stack) as traffic:
        await traffic.run(_WARM_RATE, _WARM_SECONDS)
        await traffic.finished(_FINISH_SECONDS)
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
        run = asyncio.run(play(stack, TARGET_RATE, SECONDS))
    behind = max(0.0, run.seconds - SECONDS)
    return Result(
        "flows",
        round(run.rate, 1),
        "flows/s",
        target=TARGET_RATE * 0.98,
        figures=[
            Figure("comparisons that do not balance", len(run.balance.wrong), "", 0, at_most=True),
            Figure("seconds after the last start until all were done", round(behind, 1), "s"),
            Figure("messages a flow", round(run.messages, 1), ""),
            *_latencies(run.flows),
            *_costs(run),
        ],
        load=f"{TARGET_RATE:g} flows started a second for {SECONDS:g} s, two companies, two "
        "insurers, two banks, signatures verified at every hop",
    )


def latency_bench() -> Result:
    """Request until policy in force at half the load, from the time a request was due."""
    with stand() as stack:
        run = asyncio.run(play(stack, LATENCY_RATE, LATENCY_SECONDS))
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
            Figure("comparisons that do not balance", len(run.balance.wrong), "", 0, at_most=True),
        ],
        load=f"open loop, {LATENCY_RATE:g} flows/s for {LATENCY_SECONDS:g} s, clocks start when a "
        "flow was due (coordinated omission corrected)",
    )


def _latencies(flows: list[Flow], *, targets: bool = False) -> list[Figure]:
    seconds = [flow.seconds for flow in flows]
    goals = {0.5: P50_SECONDS, 0.99: P99_SECONDS} if targets else {}
    return [
        Figure(
            f"request until policy in force, p{part * 100:g}",
            round(percentile(seconds, part), 3),
            "s",
            goals.get(part),
            at_most=True,
        )
        for part in (0.5, 0.99, 0.999)
    ]


def _costs(run: Run) -> list[Figure]:
    return [
        Figure(f"CPU of {name}", round(run.cpu_ms(name), 2), "ms a flow")
        for name in sorted(run.cpu, key=run.cpu_ms, reverse=True)
    ]
