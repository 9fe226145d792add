"""A scene for cards in a reader: the session goes with its card."""

import asyncio
from functools import partial
from time import monotonic

from libs.messages.partners import XML
from tongbao.client import Overdue, Portal, PortalError
from tongbao.client.presence import telling
from tongbao.demo.piv import PivCards
from tongbao.demo.scenes import Stage

_SECONDS_MAX = 2.0
_PAUSE_SECONDS = 0.05
_OWN, _OTHER = "tongda-operator", "tongda-legal"


async def card_is_session(stage: Stage, cards: PivCards) -> None:
    """Out, another one in, the own one in again: what the portal says each time, and how soon."""
    stage.teller.chapter("7  IC卡 = 会话: the card is taken out, another one is put in")
    own = cards.fingerprint(_OWN)
    async with (
        cards.held(_OWN) as card,
        await Portal.login(cards.origin, card) as portal,
        telling(portal, cards.address, cards.origin, own),
    ):
        for what, change, code in (
            ("the card is in", None, "SYNTAX"),
            ("the card is out", cards.take_out, "CARD_ABSENT"),
            ("another card is in", partial(cards.put_in, _OTHER), "CARD_DIFFERS"),
            ("that one is out", cards.take_out, "CARD_ABSENT"),
            ("the card is in again", partial(cards.put_in, _OWN), "SYNTAX"),
        ):
            began = monotonic()
            if change is not None:
                await asyncio.to_thread(change)
            await _until(stage, portal, code, what, began)


async def _until(stage: Stage, portal: Portal, code: str, what: str, began: float) -> None:
    """Hand in nothing at all until the portal refuses it for the reason `code`. Raises Overdue."""
    while (seconds := monotonic() - began) < _SECONDS_MAX:
        try:
            await portal.hand_in(b"", {"content-type": XML})
        except PortalError as refused:
            if refused.code == code:
                stage.teller.say(f"{what}: after {seconds:.2f} s the portal says {refused.message}")
                return
        await asyncio.sleep(_PAUSE_SECONDS)
    raise Overdue(f"{what}, and within {_SECONDS_MAX:g} s the portal did not say {code}")
