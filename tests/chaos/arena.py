"""A whole stack to be broken on purpose: who to kill, who to change, and the load meanwhile."""

import asyncio
import os
import random
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from time import monotonic, sleep

import asyncpg
import pytest

from bench.load.balance import DECIDING, Balance, Finding, balance
from bench.load.flows import Flow, NotFinished, Traffic
from bench.load.topics import Place, ends
from bench.load.traders import Trader
from deploy.local.members import Member, members
from deploy.local.ports import HOST
from deploy.local.processes import Program
from deploy.local.stack import LocalStack
from deploy.local.waiting import answers
from tests.chaos.traces import trace
from tongbao.demo.lags import unread

SERVICES = ("booking", "policy", "payment", "gateway", "history", "portal")
IS_LONG = os.environ.get("CHAOS") == "long"
SEED = int(os.environ.get("CHAOS_SEED", "20261124"))
RATE = 6.0  # flows a second: steady, and leaves room for what is killed to catch up
CATCH_UP_SECONDS = 240.0 if IS_LONG else 120.0  # a full disk of the long form takes minutes
READY_SECONDS = 60.0
STILL_SECONDS = 1.0
STILL_MOVES = "something still moves, or waits for what never comes"

REFUSED = "cn.tongbao.CommandRejected.v1"
COMMANDS_REFUSED = "commands that companies were told are refused"

long_only = pytest.mark.skipif(not IS_LONG, reason="long form: make chaos")

# shorter waits than in production, so that a test sees the end of them
QUICK = {
    "KAFKA_SESSION_SECONDS": "6",
    "RETRY_SECONDS_MAX": "1",
    "POLL_SECONDS": "0.5",
}


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


async def until(true: Callable[[], bool], what: str, seconds_max: float = READY_SECONDS) -> None:
    """Wait for a condition. Raises AssertionError with `what` never came to be."""
    deadline = monotonic() + seconds_max
    while not true():
        assert monotonic() < deadline, f"not after {seconds_max:.0f} s: {what}"
        await asyncio.sleep(0.05)


@dataclass
class Load:
    """What runs while things are broken; afterwards it must balance."""

    arena: "Arena"
    traffic: Traffic
    begin: dict[Place, int]
    starting: "asyncio.Task[list[Flow]]"
    dead: dict[str, int]  # dead letters there were before, and those that are meant

    @property
    def flows(self) -> list[Flow]:
        """Those started so far."""
        return self.traffic.flows

    async def stop(self) -> None:
        """Start no more flows."""
        self.starting.cancel()
        with suppress(asyncio.CancelledError):
            await self.starting

    async def balance(self, seconds_max: float = CATCH_UP_SECONDS) -> Balance:
        """Start no more, wait for every flow and compare everything. Raises NotFinished."""
        await self.stop()
        try:
            await self.traffic.finished(seconds_max)
        except NotFinished as missing:
            print("not running:", self.arena.gone() or "nobody")
            print(trace(self.arena.stack.home.logs, missing.flows))
            raise
        return await self._balance(seconds_max)

    async def at_rest(self) -> Balance:
        """Start no more, wait until nothing moves and compare; for mutations, that lose flows."""
        await self.stop()
        await until(lambda: not self.traffic._tasks, "all is handed in", CATCH_UP_SECONDS)
        await self.arena.still()
        return await self._balance(0)

    async def started(self, count: int, status: str = "") -> None:
        """Wait until so many more flows have started, or have come to this status, than now."""
        wanted = self._at(status) + count
        await until(lambda: self._at(status) >= wanted, f"{count} more flows in {status or '-'}")

    def _at(self, status: str) -> int:
        return sum(1 for flow in self.flows if not status or status in flow.steps)

    async def _balance(self, seconds_max: float) -> Balance:
        stack = self.arena.stack
        found = await balance(
            stack, self.flows, self.begin, dead=self.dead, seconds_max=seconds_max
        )
        refused = sum(
            count
            for (_, kind), subjects in found.books.about.items()
            for count in subjects.values()
            if kind == REFUSED
        )
        found.findings.append(Finding(COMMANDS_REFUSED, 0, refused))
        print(f"\nseed {SEED}, {len(self.flows)} flows\n{found}")
        return found


@dataclass(frozen=True)
class Second:
    """Another instance of a service."""

    process: "subprocess.Popen[bytes]"
    port: int


@dataclass
class Arena:
    """One stack for a session of chaos. Methods without `async` block for short times."""

    stack: LocalStack
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311
    quick: dict[str, str] = field(default_factory=lambda: dict(QUICK))

    @cached_property
    def _members(self) -> dict[str, Member]:
        return {member.name: member for member in members(self.stack.surroundings)}

    def program(self, name: str, *, mutation: str = "", **settings: object) -> Program:
        """How to run a member here; `settings` without the service's prefix, any case."""
        member = self._members[name]
        if name in SERVICES:
            wanted = {**self.quick, **{key.upper(): str(value) for key, value in settings.items()}}
            more = {f"{name.upper()}_{key}": value for key, value in wanted.items()}
            module = ("tests.chaos.mutant", mutation, name) if mutation else member.module
            member = replace(member, settings={**member.settings, **more}, module=module)
        return member.program()

    def start(self, *names: str, mutation: str = "", **settings: object) -> None:
        """Have these members running so, without waiting until they are ready."""
        for name in names:
            self.stack.supervisor.start(self.program(name, mutation=mutation, **settings))

    def kill(self, *names: str) -> None:
        """kill -9; "kafka" and "postgres" are names too."""
        for name in names:
            self.stack.supervisor.kill(name)

    def start_stores(self) -> None:
        """Have Kafka and PostgreSQL running and ready."""
        self.stack.start_stores()

    def is_running(self, name: str) -> bool:
        """Whether the process lives."""
        return self.stack.supervisor.running(name) is not None

    def gone(self) -> list[str]:
        """Who should run and does not."""
        return [name for name in self._members if not self.is_running(name)]

    def is_ready(self, name: str) -> bool:
        """Whether it says so itself."""
        return answers(self._members[name].port, "/readyz")()

    def address(self, name: str) -> str:
        """Where it answers HTTP."""
        return self._members[name].address

    async def sql(self, statement: str) -> list[asyncpg.Record]:
        """Rows of the whole database, as its administrator sees them."""
        connection = await asyncpg.connect(self.stack.admin_url)
        try:
            return await connection.fetch(statement)
        finally:
            await connection.close()

    async def do(self, script: str) -> None:
        """Statements for the whole database, as its administrator."""
        connection = await asyncpg.connect(self.stack.admin_url)
        try:
            await connection.execute(script)
        finally:
            await connection.close()

    async def dead_letters(self) -> dict[str, int]:
        """How many there are now, by service."""
        names = (*DECIDING, "history")
        counts = (f"SELECT '{name}', count(*) FROM {name}.dead_letter" for name in names)  # noqa: S608
        return {row[0]: row[1] for row in await self.sql(" UNION ALL ".join(counts))}

    async def still(self) -> None:
        """Wait until nothing moves: all is read, nothing is left to send, and no topic grows."""
        bootstrap = self.stack.kafka.bootstrap
        deadline = monotonic() + CATCH_UP_SECONDS
        grown, end = True, await ends(bootstrap)
        while (
            grown
            or await self.waiting()
            or any((await unread(bootstrap, end, CATCH_UP_SECONDS)).values())
        ):
            assert monotonic() < deadline, STILL_MOVES
            await asyncio.sleep(STILL_SECONDS)
            before, end = end, await ends(bootstrap)
            grown = end != before

    async def waiting(self) -> int:
        """Rows in outboxes and deferrals."""
        tables = [f"{name}.{table}" for name in DECIDING for table in ("outbox", "deferral")]
        counts = " + ".join(f"(SELECT count(*) FROM {table})" for table in tables)  # noqa: S608
        return int((await self.sql(f"SELECT {counts} AS total"))[0]["total"])

    def restore(self) -> None:
        """Everything up, unchanged, ready: the state that each test begins with."""
        self.start_stores()
        self.start(*self._members)
        for name in self._members:
            for _ in range(int(READY_SECONDS / 0.1)):
                if self.is_ready(name):
                    break
                sleep(0.1)
            else:
                raise AssertionError(f"{name}: {self.stack.supervisor.log_tail(name)}")

    @contextmanager
    def second(self, name: str, *, mutation: str = "", **settings: object) -> Iterator["Second"]:
        """Another instance of a service, in the same group, on a port of its own."""
        port = free_port()
        own = {"http_port": port, "kafka_instance": "", **settings}
        program = self.program(name, mutation=mutation, **own)
        with self.stack.home.log_of(f"{name}-second").open("ab") as output:
            process = subprocess.Popen(
                program.command,
                env=dict(program.env),
                cwd=program.cwd,
                stdout=output,
                stderr=output,
            )
        try:
            yield Second(process, port)
        finally:
            process.kill()
            process.wait(10)

    @asynccontextmanager
    async def under_load(
        self, rate: float = RATE, traders: Sequence[Trader] | None = None
    ) -> AsyncIterator[Load]:
        """Flows start at a steady rate until `balance()` is asked for."""
        begin = await ends(self.stack.kafka.bootstrap)
        dead = await self.dead_letters()
        async with Traffic.on(self.stack) as traffic:
            starting = asyncio.create_task(traffic.run(rate, 3600, traders))
            load = Load(self, traffic, begin, starting, dead)
            try:
                yield load
            finally:
                await load.stop()
