"""The official control's protocol, for pages that were written for it: frames, blocks, errors.

Source: domain notes 9.1 and the control's public page script. What can be called: official_calls.
Consent, allowed sites and limits are the same as at our own door.
"""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from websockets.asyncio.server import ServerConnection

from card_signer.desk import Desk
from card_signer.door.acts import Act, Data
from card_signer.door.blocks import MARK, Blocks, Step
from card_signer.door.conversation import Frame, Reply, converse
from card_signer.door.json_frames import Arguments, parsed, told
from card_signer.door.official_calls import CALLS
from card_signer.troubles import Trouble

PATH = "/"
_OPEN = {"_method": "open"}
_NAME_MAX = 60
_START = re.compile(r'\{"_method":"([\w.-]{1,60})","_id":(\d{1,9})')  # as the script writes it
# the PIN is typed here, where no page is: what a page sends is not even kept
_PINS = frozenset({"passwd", "userpin", "userPin", "oldPin", "newPin"})
_log = logging.getLogger("card_signer.door")

Head = Mapping[str, object]


@dataclass(frozen=True)
class Official:
    """What is behind the path; `__call__` serves one connection."""

    desk: Desk

    async def __call__(self, connection: ServerConnection, origin: str) -> None:
        """Say that we are here, then answer until the page goes."""
        await connection.send(told(_OPEN))
        await converse(connection, partial(self._replies, origin, Blocks()))

    def _replies(self, origin: str, blocks: Blocks, frame: Frame) -> Iterator[Reply]:
        asking = frame if isinstance(frame, str) else frame.decode("utf-8", "replace")
        if not asking.startswith(MARK):
            yield self._reply(origin, asking)
            return
        try:
            step = blocks.take(asking)
        except Trouble as trouble:
            yield _failed({}, trouble)
            return
        yield _next_block(step)
        if step.whole is not None:
            yield self._reply(origin, step.whole)
        elif step.trouble is not None:
            yield _failed(_head_of_start(step.start), step.trouble)

    def _reply(self, origin: str, asking: str) -> Reply:
        head: Head = {}
        try:
            asked = parsed(asking)
            head = {"_id": asked.get("_id"), "_method": asked.get("_method")}
            name = str(asked.get("_method"))
            act = CALLS.get(name)
            if act is None:
                raise Trouble("BAD_REQUEST", what=f"_method {name[:_NAME_MAX]}")
        except Trouble as trouble:
            return _failed(head, trouble)
        return partial(self._answer, head, act, origin, _arguments(asked))

    def _answer(self, head: Head, act: Act, origin: str, args: Arguments) -> str:
        try:
            data = act(self.desk, origin, args)
        except Trouble as trouble:
            return _failed(head, trouble)
        except Exception:  # noqa: BLE001 - a page is told that it broke, the log why
            _log.exception("broken")
            return _failed(head, Trouble("BROKEN"))
        return _answered(head, result=True, data=data)


def _arguments(asked: Arguments) -> Arguments:
    """An old call sends a text instead of an object: it has no arguments that we know."""
    args = asked.get("args")
    found = args if isinstance(args, dict) else {}
    return {name: value for name, value in found.items() if name not in _PINS}


def _head_of_start(start: str) -> Head:
    """Which call the text that never became whole is of, so that the page hears why."""
    found = _START.match(start)
    return {"_id": int(found[2]), "_method": found[1]} if found else {}


def _next_block(step: Step) -> str:
    piece = {"guid": step.guid, "next": step.next, "finish": step.finished}
    return _answered({"_id": None, "_method": "_nextBlock"}, result=step.sound, data=[piece])


def _failed(head: Head, trouble: Trouble) -> str:
    text = f"{trouble.zh}。{trouble.todo_zh}"
    return _answered(head, result=False, error=[text, f"Err:{trouble.row.official}"])


def _answered(head: Head, *, result: bool, data: Data = (), error: Sequence[str] = ()) -> str:
    args = {"Result": result, "Data": list(data), "Error": list(error)}
    return told({**head, "_status": "00", "_args": args})
