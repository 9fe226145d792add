"""Card = session: whoever is logged in with a card tells the portal when it is taken out."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

from tongbao.client.asking import PortalAway, PortalError
from tongbao.client.card_signer import PATH
from tongbao.client.portal import Portal

_AGAIN_SECONDS = 0.5


@asynccontextmanager
async def telling(
    portal: Portal, address: str, origin: str, fingerprint: str
) -> AsyncIterator[None]:
    """Meanwhile the portal hears of every change in the readers that the card signer watches.

    `address` is the card signer's, ws://127.0.0.1:PORT; `fingerprint` of the card that logged in.
    """
    task = asyncio.create_task(_tell(portal, address, origin, fingerprint))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _tell(portal: Portal, address: str, origin: str, fingerprint: str) -> None:
    """Until the session ends. A card signer that is gone is a card that nobody can vouch for."""
    with suppress(PortalError):
        while True:
            with suppress(OSError, WebSocketException, PortalAway):
                await _follow(portal, address, origin, fingerprint)
            with suppress(PortalAway):
                await portal.tell_card(None)
            await asyncio.sleep(_AGAIN_SECONDS)


async def _follow(portal: Portal, address: str, origin: str, fingerprint: str) -> None:
    async with connect(f"{address}{PATH}", origin=Origin(origin), proxy=None) as connection:
        async for frame in connection:
            told = orjson.loads(frame)
            if told.get("event") == "cards":
                await portal.tell_card(present(told["cards"], fingerprint))


def present(cards: Iterable[Mapping[str, Any]], fingerprint: str) -> str | None:
    """The session's card if it is there; else another one; None: no card."""
    found = [str(card["card"]) for card in cards]
    return fingerprint if fingerprint in found else next(iter(found), None)
