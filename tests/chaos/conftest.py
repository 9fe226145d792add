"""The stack for chaos; each test finds it whole and leaves it whole."""

from collections.abc import Iterator

import pytest

from deploy.local.stack import LocalStack
from tests.chaos.arena import Arena


@pytest.fixture
def arena(stack: LocalStack) -> Iterator[Arena]:
    """The stack with every member up and ready."""
    arena = Arena(stack)
    arena.restore()
    yield arena
    arena.restore()
