"""Our own protocol: JSON frames {id, call, …} → {id, ok, result | error}, and events.

| call | takes | gives |
| --- | --- | --- |
| status | – | cards: who holds each, days left; trouble, if any |
| login | nonce, card? | signature (detached JWS over origin, nonce, purpose), card |
| sign | document (XML), card? | document (signed) |

`card` is the fingerprint of the card that is meant: another one is WRONG_CARD. The origin is what
the browser says, never what the page says. Event: {event: "cards", …} when a card comes or goes.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from websockets.asyncio.server import ServerConnection

from card_signer.desk import Desk
from card_signer.door.errors import as_error
from card_signer.door.json_frames import Arguments, parsed, text, told
from card_signer.door.server import frames
from card_signer.door.watch import Watch
from card_signer.troubles import Trouble

PATH = "/tongbao/v1"
_log = logging.getLogger("card_signer.door")


@dataclass(frozen=True)
class Own:
    """What is behind the path; `__call__` serves one connection."""

    desk: Desk
    watch: Watch

    async def __call__(self, connection: ServerConnection, origin: str) -> None:
        """Answer until the page goes."""
        telling = asyncio.create_task(self._tell(connection))
        try:
            async for frame in frames(connection):
                await connection.send(await self._answer(frame, origin))
        finally:
            telling.cancel()

    async def _tell(self, connection: ServerConnection) -> None:
        async for status in self.watch.changes():
            await connection.send(told({"event": "cards", **status}))

    async def _answer(self, frame: str | bytes, origin: str) -> str:
        number: object = None
        try:
            asked = parsed(frame)
            number = asked.get("id")
            act = _calls(self.desk, self.watch).get(str(asked.get("call")))
            if act is None:
                raise Trouble("BAD_REQUEST", what=f"call: {str(asked.get('call'))[:40]}")
            result = await asyncio.to_thread(act, asked, origin)
        except Trouble as trouble:
            return told({"id": number, "ok": False, "error": as_error(trouble)})
        except Exception:  # noqa: BLE001 - a page is told that it broke, the log why
            _log.exception("broken")
            return told({"id": number, "ok": False, "error": as_error(Trouble("BROKEN"))})
        return told({"id": number, "ok": True, "result": result})


def _calls(desk: Desk, watch: Watch) -> dict[str, Callable[[Arguments, str], object]]:
    return {
        "status": lambda _, __: watch.now(),
        "login": lambda asked, origin: dict(
            desk.login(origin, text(asked, "nonce"), text(asked, "card", ""))
        ),
        "sign": lambda asked, origin: {
            "document": desk.sign(
                origin, text(asked, "document").encode(), text(asked, "card", "")
            ).decode()
        },
    }
