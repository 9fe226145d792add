"""Background parts: run until the service stops; one that breaks is told of and begun again."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from structlog.typing import FilteringBoundLogger

from libs.service.backoff import Backoff, Stopping
from libs.service.cancelling import is_told_to_end
from libs.service.logs import where
from libs.service.metrics import Metrics


@dataclass
class Supervisor:
    """The background parts of one service."""

    stop: asyncio.Event
    retry_seconds_max: float
    metrics: Metrics
    log: FilteringBoundLogger
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run a part from now on."""
        self._tasks.append(asyncio.create_task(self._guarded(name, work), name=name))

    async def end(self, seconds_max: float) -> None:
        """Wait for all parts, which see `stop`; those that take too long are cancelled."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=seconds_max)
        for task in late:
            task.cancel()

    async def _guarded(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        backoff = Backoff(self.stop, self.retry_seconds_max)
        while not self.stop.is_set():
            try:
                await work()
            except Stopping:
                return
            except (Exception, asyncio.CancelledError) as error:  # the last guard of a part
                if is_told_to_end():
                    raise
                self.metrics.count("unexpected")
                told = {"error_type": type(error).__name__, "where": where(error)}
                self.log.error("part_broke", part=name, **told)  # noqa: TRY400 - a trace would show values
                try:
                    await backoff.pause()
                except Stopping:
                    return
