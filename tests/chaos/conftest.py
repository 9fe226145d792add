"""One stack for all of chaos; each test finds it whole and leaves it whole."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.home import Home
from deploy.local.ports import Ports, free_base
from deploy.local.stack import LocalStack
from tests.chaos.arena import Arena
from tests.support.stack import keep_logs


@pytest.fixture(scope="session")
def chaos_stack(request: pytest.FixtureRequest) -> Iterator[LocalStack]:
    """Everything up, in a home and on ports of its own."""
    home = Path(tempfile.mkdtemp(prefix="tongbao-chaos-"))
    stack = LocalStack(Home(home), Ports(free_base()))
    try:
        stack.up()
        yield stack
    finally:
        stack.stop()
        if request.session.testsfailed:
            keep_logs(stack)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def arena(chaos_stack: LocalStack) -> Iterator[Arena]:
    """The stack with every member up and ready."""
    arena = Arena(chaos_stack)
    arena.restore()
    yield arena
    arena.restore()
