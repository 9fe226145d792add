"""Until when everything that came on a service's topics is settled, by whichever instance of it.

A message that waits for another may be refused only when that other one had its chance to come: not
while brokers are away, and not while what lies on the topics is not read yet.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

_LOOK_SECONDS_MAX = 2.0  # timers wait meanwhile
_PAUSE = timedelta(seconds=1)
_NEVER = datetime.min.replace(tzinfo=UTC)

Ends = Mapping[TopicPartition, int]


class Brokers(Protocol):
    """What is asked of a consumer, also about partitions that other instances have."""

    async def ends(self) -> Ends:
        """Where all partitions of its topics end. Raises KafkaError."""

    async def has_unsettled(self, ends: Ends) -> bool:
        """Whether its group has anything before `ends` still to settle. Raises KafkaError."""


class Horizon:
    """Looks at the brokers only when somebody asks, which is rare."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.brokers: Brokers | None = None  # until there is a consumer
        self._now = now
        self._settled_until = self._interrupted_at = self._looked_at = _NEVER
        self._wanted: tuple[datetime, Ends] | None = None  # what there was, and when

    def interrupted(self) -> None:
        """The brokers did not answer: what was to come could not."""
        self._interrupted_at = self._now()

    async def has_passed(self, since: datetime, wait: timedelta) -> bool:
        """Whether all is settled that came within `wait` from `since`, outages not counted."""
        until = max(since, self._interrupted_at) + wait
        if self._settled_until < until and self._now() - self._looked_at >= _PAUSE:
            self._looked_at = self._now()
            await self._look()
        return self._settled_until >= max(since, self._interrupted_at) + wait

    async def _look(self) -> None:
        if self.brokers is None:
            self.interrupted()
            return
        try:
            async with asyncio.timeout(_LOOK_SECONDS_MAX):
                if self._wanted is None:
                    at = self._now()
                    self._wanted = at, await self.brokers.ends()
                at, ends = self._wanted
                if not await self.brokers.has_unsettled(ends):
                    self._settled_until, self._wanted = at, None
        except (KafkaError, IllegalStateError, OSError, TimeoutError):
            self.interrupted()
