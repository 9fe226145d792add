"""Complete cargo flows: proposal, quote, payment, policy in force; open loop, at a steady rate.

A flow's clock starts when it was due to start, not when the generator came round to it, so that a
slow system cannot hide its latency by slowing its clients down (coordinated omission).
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from time import monotonic
from typing import Self

import orjson
from aiokafka import ConsumerRecord

from bench.load.traders import Trader, trading
from bench.load.watch import Watch
from deploy.local.stack import LocalStack
from libs.lifecycle.tables import cargo_proposal as states
from libs.messages import numbers
from tongbao.demo.scenes import today

DUE, IN_FORCE = states.DUE.code, states.IN_FORCE.code
_WRONG = {
    state.code
    for state in (states.DATA_REJECTED, states.NOT_PASSED, states.REFUSED, states.PAYMENT_FAILED)
}


class NotFinished(Exception):
    """Flows that should have ended did not; the text says how many and where they stand."""

    def __init__(self, text: str, flows: "list[Flow]") -> None:
        super().__init__(text)
        self.flows = flows


@dataclass
class Flow:
    """One proposal on its way. Times are seconds of the monotonic clock."""

    trader: Trader
    proposal: str
    payment: str
    due_at: float
    status: str = ""
    premium: Decimal = Decimal(0)
    steps: dict[str, float] = field(default_factory=dict)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def insurer(self) -> str:
        """Who insures it."""
        return self.trader.company.insurer

    @property
    def seconds(self) -> float:
        """From when it was due to start until its policy was in force."""
        return self.steps[IN_FORCE] - self.due_at


@dataclass
class Traffic:
    """Starts flows, follows them by the events of policy, and pays when a premium is due."""

    stack: LocalStack
    traders: Sequence[Trader]
    flows: list[Flow] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _by_proposal: dict[str, Flow] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @classmethod
    @asynccontextmanager
    async def on(cls, stack: LocalStack) -> AsyncIterator[Self]:
        """Ready on a running stack: companies logged in, agreements in force, watching."""
        async with trading(stack) as traders:
            traffic = cls(stack, traders)
            watch = Watch(stack.kafka.bootstrap, ("policy.events",), traffic._seen)
            await watch.start()
            try:
                yield traffic
            finally:
                for task in traffic._tasks:
                    task.cancel()
                await asyncio.gather(*traffic._tasks, return_exceptions=True)
                await watch.stop()

    async def run(
        self, rate: float, seconds: float, traders: Sequence[Trader] | None = None
    ) -> list[Flow]:
        """Start `rate` flows a second for so long, in turn of the traders; those started."""
        chosen = traders or self.traders
        day, began, started = today(), monotonic(), []
        for number in range(round(rate * seconds)):
            due_at = began + number / rate
            if (wait := due_at - monotonic()) > 0:
                await asyncio.sleep(wait)
            started.append(self.start(chosen[number % len(chosen)], day, due_at))
        return started

    def start(self, trader: Trader, day: date, due_at: float) -> Flow:
        """Start one flow."""
        proposal = numbers.new_number(numbers.PROPOSAL, day)
        payment = numbers.new_number(numbers.PAYMENT, day)
        flow = Flow(trader, proposal, payment, due_at)
        self.flows.append(flow)
        self._by_proposal[proposal] = flow
        self._do(flow, trader.propose(proposal, day))
        return flow

    async def finished(self, seconds_max: float, flows: Sequence[Flow] | None = None) -> None:
        """Wait until all have their policy. Raises NotFinished."""
        chosen = self.flows if flows is None else flows
        try:
            async with asyncio.timeout(seconds_max):
                for flow in chosen:
                    await flow.ended.wait()
        except TimeoutError:
            pass
        waiting = [flow for flow in chosen if flow.status != IN_FORCE]
        if waiting or self.problems:
            where: dict[str, int] = {}
            for flow in waiting:
                where[flow.status or "-"] = where.get(flow.status or "-", 0) + 1
            some = [f"{flow.proposal} {flow.payment} {flow.status}" for flow in waiting[:3]]
            raise NotFinished(
                f"{len(waiting)} of {len(chosen)} flows have no policy after {seconds_max:.0f} s; "
                f"by state {where}; {some}; {self.problems[:3]}",
                waiting,
            )

    def _do(self, flow: Flow, step: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(self._told(flow, step))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _told(self, flow: Flow, step: Coroutine[None, None, None]) -> None:
        try:
            await step
        except Exception as error:  # noqa: BLE001 - told at the end, with all others
            self.problems.append(f"{flow.proposal}: {error}")

    def _seen(self, subject: str, status: str, record: ConsumerRecord) -> None:
        flow = self._by_proposal.get(subject)
        if flow is None or status in flow.steps:
            return
        flow.status = status
        flow.steps[status] = monotonic()
        if status == DUE:
            quote = orjson.loads(record.value)["facts"]["quote"]
            flow.premium = Decimal(quote["premium"])
            self._do(flow, flow.trader.pay(flow.payment, flow.proposal, flow.premium))
        elif status == IN_FORCE:
            flow.ended.set()
        elif status in _WRONG:
            self.problems.append(f"{flow.proposal} is in {status}")
