"""A real Kafka and a real PostgreSQL for tests: started once a session, in a home of their own."""

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy.local.home import Home
from deploy.local.ports import Ports, free_base
from deploy.local.stack import LocalStack
from deploy.topics import TopicPlan


@dataclass(frozen=True)
class Stores:
    """Addresses of the session's stores and what a test may ask of them.

    `kill`, `start` are for tests of outages: name is "kafka" or "postgres".
    """

    stack: LocalStack

    @property
    def bootstrap(self) -> str:
        """Kafka's address."""
        return self.stack.kafka.bootstrap

    def create_topics(self, *names: str, partitions: int = 1) -> None:
        """Have these topics, kept forever, stamped by the broker."""
        self.stack.create_topics([TopicPlan(name, partitions, -1) for name in names])

    def kill(self, name: str) -> None:
        """Take a store away at once, as a crash would."""
        for process in self.stack.supervisor.find(name):
            process.kill()
            process.wait(10)

    def stop(self, name: str) -> None:
        """Stop a store in order."""
        self.stack.supervisor.stop([name])

    def start(self) -> None:
        """Have both stores running again."""
        self.stack.start_stores()


@dataclass(frozen=True)
class Database:
    """A schema and a login of a test's own in the session's PostgreSQL."""

    schema: str
    url: str
    admin_url: str = field(repr=False)


@pytest.fixture(scope="session")
def stores() -> Iterator[Stores]:
    """Kafka and PostgreSQL, real, on free ports; gone with the session."""
    home = Path(tempfile.mkdtemp(prefix="tongbao-test-"))
    stack = LocalStack(Home(home), Ports(free_base()))
    try:
        stack.start_stores()
        stack.create_databases()
        yield Stores(stack)
    finally:
        stack.stop()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def database(stores: Stores) -> Database:
    """A fresh, empty schema with its own login; its search path is that schema."""
    name = f"t_{secrets.token_hex(6)}"
    stores.stack.create_databases([name])
    return Database(name, stores.stack.database_url(name), stores.stack.admin_url)


@pytest.fixture
def unique() -> str:
    """A short name no other test has: for topics, consumer groups, document numbers."""
    return secrets.token_hex(6)
