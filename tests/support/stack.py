"""The whole system for tests: services and sandbox on real stores, once a session."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.home import Home
from deploy.local.ports import Ports, free_base
from deploy.local.stack import LocalStack

LOG_LINES = 15
_kept_logs: list[str] = []


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[LocalStack]:
    """Everything up, as `tongbao up` does it, in a home and on ports of its own."""
    home = Path(tempfile.mkdtemp(prefix="tongbao-test-"))
    stack = LocalStack(Home(home), Ports(free_base()))
    try:
        stack.up()
        yield stack
    finally:
        stack.stop()
        if request.session.testsfailed:
            keep_logs(stack)
        shutil.rmtree(home, ignore_errors=True)


def keep_logs(stack: LocalStack) -> None:
    """Remember the ends of all logs, to be shown below the failures."""
    _kept_logs.extend(
        f"{name}: {stack.supervisor.log_tail(name, LOG_LINES)}" for name in stack.addresses()
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the logs of a stack whose tests failed: its home is gone by now."""
    for log in _kept_logs:
        terminalreporter.write_line(log)
