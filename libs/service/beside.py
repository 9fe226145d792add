"""Where verifying, deciding and signing are done: here, in a thread, or by the notary beside."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypeVar

from structlog.typing import FilteringBoundLogger

from libs.service.metrics import Metrics
from libs.service.notary import Notary, NotaryLost

_INLINE_MAX = 4  # so few messages are done quicker than they are handed to a thread

T = TypeVar("T")


@dataclass
class Beside:
    """Finds the quickest place that keeps the event loop free for its heartbeats."""

    threads: Executor
    metrics: Metrics
    log: FilteringBoundLogger
    notary_from: int  # so many messages are worth the way to another process and back
    notary: Notary | None = None

    async def run(
        self, count: int, here: Callable[[], T], there: Callable[[Notary], T] | None = None
    ) -> T:
        """What `here` returns, which is what `there` asks of the notary; for `count` messages."""
        if count <= _INLINE_MAX:
            return here()
        if there is not None and self.notary is not None and count >= self.notary_from:
            try:
                return await asyncio.to_thread(there, self.notary)
            except NotaryLost as lost:
                self.notary = None
                self.metrics.set("notary_up", 0)
                self.log.warning("notary_lost", error=str(lost), action="doing its work here")
        return await asyncio.get_running_loop().run_in_executor(self.threads, here)
