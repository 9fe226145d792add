"""Named points where a test can make the process die. Inert unless a setting names one.

`POLICY_FAULT_POINT=before_commit` dies at the first pass; `before_commit:7` at the seventh;
`before_commit:7:FILE` also writes FILE first, so that the next start, seeing it, lives on.
"""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

Point = Literal[
    "before_commit",  # a batch is written, not committed
    "after_commit",  # committed, offsets not
    "before_offsets",  # the same, at the very end of the batch
    "before_publish",  # the relay has read rows, sent nothing
    "after_publish",  # brokers have the messages, the outbox rows are still there
    "after_cursor",  # published and deleted
    "before_timer",  # a timer or deferral is due, not decided yet
]
POINTS: tuple[Point, ...] = get_args(Point)
Reach = Callable[[Point], None]


def _nothing(point: Point) -> None:
    """What every point does unless a test wants otherwise."""


def kill_at(setting: str, die: Callable[[], None] | None = None) -> Reach:
    """The function to call at each point. Raises ValueError for a point there is not."""
    if not setting:
        return _nothing
    name, _, rest = setting.partition(":")
    passes, _, marker = rest.partition(":")
    if name not in POINTS:
        raise ValueError(f"FAULT_POINT: no point {name}; there are {', '.join(POINTS)}")
    left = int(passes or 1)
    mark = Path(marker) if marker else None

    def reach(point: Point) -> None:
        nonlocal left
        if point != name or (mark is not None and mark.exists()):
            return
        left -= 1
        if left == 0:
            if mark is not None:
                mark.touch()
            (die or _die)()

    return reach


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
