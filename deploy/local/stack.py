"""The whole system on one machine: bring it up, find it again, stop it.

Every step looks at what is there and does only what is missing, so that a bring-up that was killed
anywhere is mended by the next.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from deploy.local.databases import create_databases
from deploy.local.environment import write_env
from deploy.local.home import Home
from deploy.local.jars import ensure_jars
from deploy.local.kafka import LocalKafka
from deploy.local.keys import ensure_keys
from deploy.local.members import SERVICES, Member, Surroundings, members, migrate, sandbox, services
from deploy.local.ports import PORT_BASE, Ports, check_free
from deploy.local.postgres import ADMIN, LocalPostgres
from deploy.local.processes import Supervisor
from deploy.local.progress import Reporter, SilentReporter
from deploy.local.waiting import answers, run
from deploy.topics import Cluster, TopicPlan, create_topics, planned

_STOP_SECONDS = 30.0
_READY_SECONDS_MAX = 90.0
_RECOVERY_SECONDS_MAX = 240.0  # of a store that was killed: Kafka reads its logs again


@dataclass(frozen=True)
class LocalStack:
    """One stack: a home directory and a range of ports.

    Its methods raise StackError and its kin, whose texts are meant for the user.
    """

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
    def surroundings(self) -> Surroundings:
        """What members are told about this stack."""
        return Surroundings(self.home, self.ports, self.kafka.bootstrap, self.database_url)

    @property
    def admin_url(self) -> str:
        """The database as its administrator sees it."""
        return self.postgres.url(ADMIN, self.home.passwords([ADMIN])[ADMIN])

    def database_url(self, service: str) -> str:
        """Where a service's own schema is."""
        return self.postgres.url(service, self.home.passwords([service])[service])

    def up(self) -> None:
        """Bring the whole system up; what runs already goes on."""
        self.home.root.mkdir(parents=True, exist_ok=True)
        with self.home.locked():
            self.start_stores()
            with self.report.step("Making topics, schemas, keys and cards"):
                self.create_topics()
                self.create_databases()
                ensure_keys(self.home)
            self.start_services()
            self.start_sandbox()

    def start_stores(self) -> None:
        """Have Kafka and PostgreSQL running and ready."""
        self.home.prepare()
        if self.home.port_base not in (None, self.ports.base):
            self.stop()
        self.home.remember(self.ports.base)
        stores: tuple[LocalKafka | LocalPostgres, ...] = (self.kafka, self.postgres)
        for store in stores:
            # one whose data was removed below it would write into the data of its successor
            if not store.is_made:
                self.supervisor.kill(store.name)
        self._check_ports()
        jars = ensure_jars(self.report)
        with self.report.step("Starting PostgreSQL and Kafka"):
            self.kafka.prepare(jars)
            self.postgres.prepare(self.home.passwords([ADMIN])[ADMIN])
            programs = [store.program() for store in stores]
            for program in programs:
                self.supervisor.start(program)
            for store, program in zip(stores, programs, strict=True):
                self.supervisor.wait_until(program, store.is_ready, _RECOVERY_SECONDS_MAX)

    def create_topics(self, plans: Iterable[TopicPlan] = ()) -> list[str]:
        """Have these topics, or without any all of the topic table; returns those made now."""
        plans = list(plans) or planned()
        return run(create_topics(Cluster(self.kafka.bootstrap), plans))

    def create_databases(self, names: Sequence[str] = SERVICES) -> None:
        """Have a schema and a login a service."""
        known = self.home.passwords(names)
        logins = {name: known[name] for name in names}
        run(create_databases(self.postgres, self.home.passwords([ADMIN])[ADMIN], logins))

    def start_services(self, names: Sequence[str] = SERVICES) -> None:
        """Migrate and start these services; those that run already, unchanged, go on."""
        chosen = [member for member in services(self.surroundings) if member.name in names]
        with self.report.step("Preparing the services' tables"):
            migrate(chosen, self.home.log_of("migrate"))
        self._start("Starting the services", chosen)

    def start_sandbox(self) -> None:
        """Start the insurers and banks of the sandbox."""
        self._start("Starting the sandbox's insurers and banks", sandbox(self.surroundings))

    def stop(self) -> list[str]:
        """Stop whatever of this home runs: first those that use the stores, then the stores."""
        names = self.supervisor.names()
        stores = [name for name in names if name in (self.kafka.name, self.postgres.name)]
        others = [name for name in names if name not in stores]
        return [
            *self.supervisor.stop(others, _STOP_SECONDS),
            *self.supervisor.stop(stores, _STOP_SECONDS),
        ]

    def addresses(self) -> dict[str, str]:
        """Where each process listens."""
        return {
            self.kafka.name: self.kafka.bootstrap,
            self.postgres.name: self.postgres.address,
            **{member.name: member.address for member in members(self.surroundings)},
        }

    def cards(self) -> list[Path]:
        """Certificates of the companies' software cards; the key stands beside each."""
        return sorted(self.home.cards.glob("*.pem"))

    @classmethod
    def of(cls, root: Path, port_base: int | None, report: Reporter) -> "LocalStack":
        """The stack of a directory, on the ports named or else on those it had last time."""
        home = Home(root.absolute())
        return cls(home, Ports(port_base or home.port_base or PORT_BASE), report)

    def _start(self, title: str, chosen: Sequence[Member]) -> None:
        with self.report.step(title) as step:
            programs = [(member, member.program()) for member in chosen]
            for member, program in programs:
                write_env(self.home, member.name, member.settings)
                self.supervisor.start(program)
            for done, (member, program) in enumerate(programs):
                step.advance(done, len(programs), member.name)
                ready = answers(member.port, "/readyz")
                self.supervisor.wait_until(program, ready, _READY_SECONDS_MAX)

    def _check_ports(self) -> None:
        """Refuse before anything is started, when another program holds one of our ports."""
        running = set(self.supervisor.names())
        wanted = [
            (self.kafka.name, self.ports.kafka),
            (self.kafka.name, self.ports.kafka_controller),
            (self.postgres.name, self.ports.postgres),
            *((member.name, member.port) for member in members(self.surroundings)),
        ]
        check_free((name, port) for name, port in wanted if name not in running)
