"""Long steps are shown on a terminal and in a log alike."""

from io import StringIO

import pytest
from rich.console import Console

from deploy.local.progress import ConsoleReporter


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_step_is_shown_with_its_time(is_terminal: bool) -> None:
    out = StringIO()
    report = ConsoleReporter(Console(file=out, force_terminal=is_terminal, color_system=None))
    with report.step("Starting Kafka") as step:
        step.advance(1, 2, "1/2 files")
    assert "✓ Starting Kafka (0.0 s)" in out.getvalue()


def test_a_step_that_fails_is_not_ticked_off() -> None:
    out = StringIO()
    report = ConsoleReporter(Console(file=out, force_terminal=False))
    with pytest.raises(ValueError, match="no"), report.step("Starting Kafka"):
        raise ValueError("no")
    assert "✓" not in out.getvalue()
