"""Our own protocol: JSON frames {id, call, …} → {id, ok, result | error}, and events.

| call | takes | gives |
| --- | --- | --- |
| status | – | cards: who holds each, days left; trouble, if any |
| login | nonce, card? | signature (detached JWS over origin, nonce, purpose), card |
| sign | document (XML), card? | document (signed) |
| seal | pdf, page, left, top, seal?, card? | pdf (sealed; all files in base64) |

`card` is the fingerprint of the card that is meant: another one is WRONG_CARD. The origin is what
the browser says, never what the page says. Event: {event: "cards", …} when a card comes or goes.
Answers come when they are there, told apart by their `id`.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from websockets.asyncio.server import ServerConnection

from card_signer.desk import Desk
from card_signer.door.conversation import Frame, Reply, converse
from card_signer.door.errors import as_error
from card_signer.door.json_frames import Arguments, b64, parsed, text, told, unb64
from card_signer.door.seal_calls import spot_of
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
            await converse(connection, partial(self._replies, origin))
        finally:
            telling.cancel()

    async def _tell(self, connection: ServerConnection) -> None:
        async for status in self.watch.changes():
            await connection.send(told({"event": "cards", **status}))

    def _replies(self, origin: str, frame: Frame) -> Iterator[Reply]:
        try:
            asked = parsed(frame)
        except Trouble as trouble:
            yield _refused(None, trouble)
        else:
            yield partial(self._answer, origin, asked)

    def _answer(self, origin: str, asked: Arguments) -> str:
        number, call = asked.get("id"), str(asked.get("call"))
        try:
            act = _calls(self.desk, self.watch).get(call)
            if act is None:
                raise Trouble("BAD_REQUEST", what=f"call: {call[:40]}")
            result = act(asked, origin)
        except Trouble as trouble:
            return _refused(number, trouble)
        except Exception:  # noqa: BLE001 - a page is told that it broke, the log why
            _log.exception("broken")
            return _refused(number, Trouble("BROKEN"))
        return told({"id": number, "ok": True, "result": result})


def _refused(number: object, trouble: Trouble) -> str:
    return told({"id": number, "ok": False, "error": as_error(trouble)})


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
        "seal": lambda asked, origin: {
            "pdf": b64(
                desk.seal(
                    origin,
                    unb64(text(asked, "pdf"), "pdf"),
                    unb64(text(asked, "seal", ""), "seal"),
                    spot_of(asked, "page"),
                    text(asked, "card", ""),
                )
            )
        },
    }
