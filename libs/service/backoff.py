"""Pauses between tries: growing, jittered, ended at once when the service stops."""

import asyncio
import random
from dataclasses import dataclass, field

_FIRST_SECONDS = 0.1
_FACTOR = 2.0


class Stopping(Exception):
    """The service is being stopped; what is under way is given back untouched."""


@dataclass
class Backoff:
    """A row of pauses: 0.1 s, doubled each time up to `seconds_max`, each shortened by chance."""

    stop: asyncio.Event
    seconds_max: float
    _next: float = field(default=_FIRST_SECONDS)

    async def pause(self) -> float:
        """Wait and return how long. Raises Stopping when the service stops meanwhile."""
        seconds = self._next * random.uniform(0.5, 1.0)  # noqa: S311 - not a secret
        self._next = min(self._next * _FACTOR, self.seconds_max)
        await sleep_or_stop(self.stop, seconds)
        return seconds

    def reset(self) -> None:
        """Begin anew: a try went well."""
        self._next = _FIRST_SECONDS


async def sleep_or_stop(stop: asyncio.Event, seconds: float) -> None:
    """Wait `seconds`. Raises Stopping when the service stops before."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
    raise Stopping
