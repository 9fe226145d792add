"""The watcher's word on the event loop, without stores."""

import asyncio
from typing import Any

from libs.service.health import Progress
from libs.service.watching import LOOP, Watcher


def test_a_loop_that_is_stuck_before_its_first_turn_is_seen() -> None:
    now = 0.0
    progress = Progress(1.0, clock=lambda: now)
    unused: Any = None
    Watcher(unused, unused, unused, asyncio.Event(), 5.0, unused, progress, unused)
    assert progress.stalled() == {}
    now = 1.5
    assert progress.stalled() == {LOOP: 1.5}
