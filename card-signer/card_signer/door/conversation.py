"""One page's conversation: frames come at a bearable pace, answers go when they are there.

A page may ask whose card is in while its user reads what another call wants signed: calls do not
wait for each other. A few may be under way; further frames wait in the line.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from card_signer.asker import asking

UNDER_WAY_MAX = 4
_FRAMES_A_SECOND = 20.0
_BURST = 200.0
_CLOSE_TOO_MUCH = 1008

Frame = str | bytes
Reply = str | Callable[[], str]  # a frame, or what makes it and takes its time


async def converse(connection: ServerConnection, reply: Callable[[Frame], Iterable[Reply]]) -> None:
    """Answer each frame with what `reply` makes of it, until the page goes.

    What its user was asked is taken back then.
    """
    with asking():
        async with _sending(connection) as sending:
            async for frame in _frames(connection):
                replies = reply(frame)
                del frame  # a PIN that a page sent does not stay here while its user reads
                for each in replies:
                    await sending.send(each)


@dataclass
class _Sending:
    connection: ServerConnection
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(UNDER_WAY_MAX))
    under_way: set[asyncio.Task[None]] = field(default_factory=set)

    async def send(self, reply: Reply) -> None:
        if isinstance(reply, str):
            await self.connection.send(reply)
            return
        await self.room.acquire()
        task = asyncio.ensure_future(self._later(reply))
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)

    async def _later(self, reply: Callable[[], str]) -> None:
        try:
            with suppress(ConnectionClosed):
                await self.connection.send(await asyncio.to_thread(reply))
        finally:
            self.room.release()


@asynccontextmanager
async def _sending(connection: ServerConnection) -> AsyncIterator[_Sending]:
    sending = _Sending(connection)
    try:
        yield sending
    finally:
        for task in tuple(sending.under_way):
            task.cancel()


@dataclass
class Pace:
    """How many frames one connection may send: a burst, then so many a second."""

    left: float = _BURST
    at: float = 0.0

    def allows(self, now: float) -> bool:
        """Whether one more may come at `now`, seconds of any clock."""
        self.left = min(_BURST, self.left + (now - self.at) * _FRAMES_A_SECOND)
        self.at = now
        self.left -= 1
        return self.left >= 0


async def _frames(connection: ServerConnection) -> AsyncIterator[Frame]:
    """What comes, each held by nobody but who takes it; who sends too many is shut out."""
    pace, clock = Pace(), asyncio.get_running_loop().time
    while True:
        held = [await connection.recv()]
        if not pace.allows(clock()):
            await connection.close(_CLOSE_TOO_MUCH, "too many frames")
            return
        yield held.pop()
