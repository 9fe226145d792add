"""A whole stack to be broken on purpose: who to kill, who to change, and the load meanwhile."""

import asyncio
import os
import random
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from time import sleep

from bench.load.balance import Balance, balance
from bench.load.flows import Flow, Traffic
from bench.load.topics import Place, ends
from bench.load.traders import Trader
from deploy.local.members import Member, members
from deploy.local.processes import Program
from deploy.local.stack import LocalStack
from deploy.local.waiting import answers

SERVICES = ("booking", "policy", "payment", "gateway", "history", "portal")
IS_LONG = os.environ.get("CHAOS") == "long"
SEED = int(os.environ.get("CHAOS_SEED", "20261124"))
RATE = 6.0  # flows a second: steady, and leaves room for what is killed to catch up
CATCH_UP_SECONDS = 120.0
READY_SECONDS = 60.0

# shorter waits than in production, so that a test sees the end of them
QUICK = {
    "KAFKA_SESSION_SECONDS": "6",
    "RETRY_SECONDS_MAX": "1",
    "POLL_SECONDS": "0.5",
}


@dataclass
class Load:
    """What runs while things are broken; afterwards it must balance."""

    arena: "Arena"
    traffic: Traffic
    begin: dict[Place, int]
    starting: "asyncio.Task[list[Flow]]"
    dead: dict[str, int] = field(default_factory=dict)  # dead letters that are meant

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
        await self.traffic.finished(seconds_max)
        found = await balance(self.arena.stack, self.flows, self.begin, dead=self.dead)
        print(f"\nseed {SEED}, {len(self.flows)} flows\n{found}")
        return found


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

    def is_ready(self, name: str) -> bool:
        """Whether it says so itself."""
        return answers(self._members[name].port, "/readyz")()

    def address(self, name: str) -> str:
        """Where it answers HTTP."""
        return self._members[name].address

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
    def second(self, name: str, **settings: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Another instance of a service, in the same group, on a port of its own."""
        program = self.program(name, mutation="", http_port=0, **settings)
        log = self.stack.home.log_of(f"{name}-second")
        with log.open("ab") as output:
            process = subprocess.Popen(
                program.command,
                env=dict(program.env),
                cwd=program.cwd,
                stdout=output,
                stderr=output,
            )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            process.wait(10)

    @asynccontextmanager
    async def under_load(
        self, rate: float = RATE, traders: Sequence[Trader] | None = None
    ) -> AsyncIterator[Load]:
        """Flows start at a steady rate until `balance()` is asked for."""
        begin = await ends(self.stack.kafka.bootstrap)
        async with Traffic.on(self.stack) as traffic:
            starting = asyncio.create_task(traffic.run(rate, 3600, traders))
            load = Load(self, traffic, begin, starting)
            try:
                yield load
            finally:
                await load.stop()
