"""The whole system on one machine: bring it up, find it again, stop it.

Every step looks at what is there and does only what is missing, so that a bring-up that was killed
anywhere is mended by the next.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, TypeVar

from deploy.local.databases import create_databases
from deploy.local.home import Home
from deploy.local.jars import ensure_jars
from deploy.local.kafka import LocalKafka
from deploy.local.ports import Ports, check_free
from deploy.local.postgres import ADMIN, LocalPostgres
from deploy.local.processes import Program, Supervisor
from deploy.local.progress import Reporter, SilentReporter
from deploy.topics import Cluster, TopicPlan, create_topics

SERVICES = ("booking", "policy", "payment", "gateway", "history", "portal")
_STOP_SECONDS = 30.0
T = TypeVar("T")


class Store(Protocol):
    """What the two stores have in common."""

    @property
    def name(self) -> str:
        """Name of its process."""

    @property
    def is_made(self) -> bool:
        """Whether its data directory is there, whole."""

    def program(self) -> Program:
        """What to run."""

    def is_ready(self) -> bool:
        """Whether it answers."""


@dataclass(frozen=True)
class LocalStack:
    """One stack: a home directory and a range of ports."""

    home: Home
    ports: Ports = field(default_factory=Ports)
    report: Reporter = field(default_factory=SilentReporter)

    @cached_property
    def kafka(self) -> LocalKafka:
        """The broker."""
        return LocalKafka(self.home, self.ports)

    @cached_property
    def postgres(self) -> LocalPostgres:
        """The database server."""
        return LocalPostgres(self.home, self.ports)

    @cached_property
    def supervisor(self) -> Supervisor:
        """The processes."""
        return Supervisor(self.home)

    @cached_property
    def passwords(self) -> dict[str, str]:
        """Database passwords by login."""
        return self.home.passwords([ADMIN, *SERVICES])

    def start_stores(self) -> None:
        """Have Kafka and PostgreSQL running and ready.

        Raises: StackError and its kin, in words for the user.
        """
        self.home.prepare()
        self._forget_lost_stores()
        self._check_store_ports()
        jars = ensure_jars(self.report)
        with self.report.step("Starting PostgreSQL and Kafka"):
            self.kafka.prepare(jars)
            self.postgres.prepare(self.passwords[ADMIN])
            stores: tuple[Store, ...] = (self.kafka, self.postgres)
            programs = [store.program() for store in stores]
            for program in programs:
                self.supervisor.start(program)
            for store, program in zip(stores, programs, strict=True):
                self.supervisor.wait_until(program, store.is_ready)

    def create_topics(self, plans: Iterable[TopicPlan]) -> list[str]:
        """Have these topics; returns those made now."""
        return run(create_topics(Cluster(self.kafka.bootstrap), plans))

    def create_databases(self, names: Iterable[str] = SERVICES) -> None:
        """Have a schema and a login a service."""
        logins = self.home.passwords(names)
        run(create_databases(self.postgres, self.passwords[ADMIN], {n: logins[n] for n in names}))

    def database_url(self, service: str) -> str:
        """Where a service's own schema is."""
        return self.postgres.url(service, self.home.passwords([service])[service])

    @property
    def admin_url(self) -> str:
        """The database as its administrator sees it."""
        return self.postgres.url(ADMIN, self.passwords[ADMIN])

    def stop(self) -> list[str]:
        """Stop whatever of this home runs: first those that use the stores, then the stores."""
        names = self.supervisor.names()
        stores = [name for name in names if name in ("kafka", "postgres")]
        others = [name for name in names if name not in stores]
        return [
            *self.supervisor.stop(others, _STOP_SECONDS),
            *self.supervisor.stop(stores, _STOP_SECONDS),
        ]

    def _forget_lost_stores(self) -> None:
        """A store whose data was removed would write into the data of its successor: end it."""
        for store in (self.kafka, self.postgres):
            if not store.is_made:
                self.supervisor.kill(store.name)

    def _check_store_ports(self) -> None:
        wanted = []
        if not self.supervisor.find("kafka"):
            wanted += [("Kafka", self.ports.kafka), ("Kafka", self.ports.kafka_controller)]
        if not self.supervisor.find("postgres"):
            wanted.append(("PostgreSQL", self.ports.postgres))
        check_free(wanted)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run async work to its end, also below a running event loop (tests)."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
