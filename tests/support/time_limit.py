"""A time limit for what comes after a failed test.

pytest-timeout 2.4 takes its alarm off when a test fails (pytest-timeout issue 196, mended in the
release after it), so that a fixture that then waits for ever holds up the whole run. Here each
teardown has an alarm of its own.
"""

from collections.abc import Generator

import pytest
from pytest_timeout import Settings

SECONDS = 120.0
_SETTINGS = Settings(SECONDS, "signal", func_only=False, disable_debugger_detection=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    item.ihook.pytest_timeout_set_timer(item=item, settings=_SETTINGS)
    try:
        yield
    finally:
        item.ihook.pytest_timeout_cancel_timer(item=item)
