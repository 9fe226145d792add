"""What the logs say of flows that did not end: the home is gone when somebody reads the report."""

from collections.abc import Sequence
from pathlib import Path

from bench.load.flows import Flow

_FLOWS_MAX = 3
_LINES_MAX = 200
_ALWAYS = ('"outcome":"dead"', '"level":"error"')  # whoever they are about


def trace(logs: Path, flows: Sequence[Flow]) -> str:
    """Each line about the first of these flows, and each that somebody has to see, by its log."""
    about = [number for flow in flows[:_FLOWS_MAX] for number in (flow.proposal, flow.payment)]
    lines = [
        f"{log.stem}: {line.rstrip()}"
        for log in sorted(logs.glob("*.log"))
        for line in log.read_text(errors="replace").splitlines()
    ]
    found = [
        [line for line in lines if any(mark in line for mark in marks)]
        for marks in (about, _ALWAYS)
    ]
    return "\n".join(line for part in found for line in part[:_LINES_MAX])
