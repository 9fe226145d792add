"""A signer that serves on a port of its own, and how tests speak with it."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from card_signer.desk import Desk
from card_signer.doors import serve
from card_signer.settings import Settings
from sandbox.card.applet import PivCard as Chip
from tests.card.conftest import SITE, Drawer, Someone

OWN, OFFICIAL = "/tongbao/v1", "/"


class Room:
    """A signer that serves, its drawer, and who sits before it."""

    def __init__(self, chip: Chip, state: Path, origins: Iterable[str] = (SITE,)) -> None:
        self.chip = chip
        self.drawer = Drawer({"one": chip})
        self.someone = Someone()
        self.desk = Desk([self.drawer], self.someone)
        self.settings = Settings(origins=frozenset(origins), port=0, state=state)
        self.port = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Room"]:
        ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        stop = asyncio.Event()
        serving = asyncio.create_task(serve(self.desk, self.settings, ready.set_result, stop))
        self.port = await ready
        try:
            yield self
        finally:
            stop.set()
            await serving

    @asynccontextmanager
    async def page(
        self, path: str = OWN, origin: str | None = SITE, **headers: str
    ) -> AsyncIterator[ClientConnection]:
        address = f"ws://127.0.0.1:{self.port}{path}"
        async with connect(
            address,
            origin=origin,  # type: ignore[arg-type]
            additional_headers=headers,
            proxy=None,
            compression=None,
            ping_interval=None,
        ) as page:
            yield page


async def ask(page: ClientConnection, /, **asked: object) -> dict[str, Any]:
    """The answer to a call; events on the way are passed over."""
    await page.send(json.dumps({"id": 7, **asked}))
    while True:
        told: dict[str, Any] = json.loads(await page.recv())
        if "event" not in told:
            return told


async def official(page: ClientConnection, method: str, **args: object) -> dict[str, Any]:
    await page.send(json.dumps({"_method": method, "_id": 3, "args": args}))
    told: dict[str, Any] = json.loads(await page.recv())
    return told
