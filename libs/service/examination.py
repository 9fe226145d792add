"""Where batches are verified and decoded: here, in a thread, or in a process beside the service."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from time import perf_counter

from structlog.typing import FilteringBoundLogger

from libs.service.examining import Examined, Examiner
from libs.service.incoming import Incoming
from libs.service.metrics import Metrics
from libs.service.verifier import Verifier, VerifierLost

_INLINE_MAX = 4  # so few are verified quicker than they are handed to a thread


@dataclass
class Examination:
    """Finds the quickest place that keeps the event loop free for its heartbeats."""

    examiner: Examiner
    threads: Executor
    metrics: Metrics
    log: FilteringBoundLogger
    beside_messages: int  # so many are worth the way to another process and back
    verifier: Verifier | None = None

    async def examine(self, batch: Sequence[Incoming]) -> list[Examined]:
        """One result a message, in order."""
        start = perf_counter()
        if len(batch) <= _INLINE_MAX:
            examined = self.examiner.examine_all(batch)
        elif self.verifier is not None and len(batch) >= self.beside_messages:
            examined = await self._beside(self.verifier, batch)
        else:
            examined = await self._in_thread(batch)
        self.metrics.observe("batch_seconds", perf_counter() - start, "verify")
        return examined

    async def _in_thread(self, batch: Sequence[Incoming]) -> list[Examined]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, self.examiner.examine_all, batch)

    async def _beside(self, verifier: Verifier, batch: Sequence[Incoming]) -> list[Examined]:
        try:
            return await asyncio.to_thread(verifier.examine_all, batch)
        except VerifierLost as lost:
            self.verifier = None
            self.metrics.set("verifier_up", 0)
            self.log.warning("verifier_lost", error=str(lost), action="verifying here")
            return await self._in_thread(batch)
