"""The official control's calls, for pages that were written for it. Source: domain notes 9.1.

Consent, allowed sites and limits are the same as at our own door. A `passwd` that a page sends is
not looked at: the PIN is typed here, for this page could keep what it is told.
"""

import asyncio
import base64
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from websockets.asyncio.server import ServerConnection

from card_signer import __version__
from card_signer.desk import Desk
from card_signer.door.blocks import MARK, Block, Blocks
from card_signer.door.json_frames import Arguments, parsed, text, told
from card_signer.door.server import frames
from card_signer.holder import Holder
from card_signer.troubles import Trouble

PATH = "/"
_OPEN = {"_method": "open"}
_log = logging.getLogger("card_signer.door")

Data = Sequence[object]
Act = Callable[[Desk, str, Arguments], Data]


@dataclass(frozen=True)
class Official:
    """What is behind the path; `__call__` serves one connection."""

    desk: Desk

    async def __call__(self, connection: ServerConnection, origin: str) -> None:
        """Say that we are here, then answer until the page goes."""
        await connection.send(told(_OPEN))
        blocks = Blocks()
        async for frame in frames(connection):
            whole = frame if isinstance(frame, str) else frame.decode("utf-8", "replace")
            await connection.send(told(await self._answer(whole, origin, blocks)))

    async def _answer(self, asking: str, origin: str, blocks: Blocks) -> Mapping[str, object]:
        head: dict[str, object] = {}
        try:
            if asking.startswith(MARK):
                block = Block.parse(asking)
                whole = blocks.take(block)
                if whole is None:
                    return _next_block(block)
                asking = whole
            asked = parsed(asking)
            head = {"_id": asked.get("_id"), "_method": asked.get("_method")}
            act = CALLS.get(str(asked.get("_method")))
            if act is None:
                raise Trouble("BAD_REQUEST", what=f"_method {str(asked.get('_method'))[:60]}")
            data = await asyncio.to_thread(act, self.desk, origin, _arguments(asked))
        except Trouble as trouble:
            return _failed(head, trouble)
        except Exception:  # noqa: BLE001 - a page is told that it broke, the log why
            _log.exception("broken")
            return _failed(head, Trouble("BROKEN"))
        return _answered(head, result=True, data=data)


def _version(desk: Desk, origin: str, args: Arguments) -> Data:
    return [__version__]


def _is_903_reader(desk: Desk, origin: str, args: Arguments) -> Data:
    return ["0"]


def _sign_random(desk: Desk, origin: str, args: Arguments) -> Data:
    return _sign(desk, origin, text(args, "random"))


def _sign_data(desk: Desk, origin: str, args: Arguments) -> Data:
    return _sign(desk, origin, text(args, "inData"))


def _sign(desk: Desk, origin: str, text: str) -> Data:
    signature, holder = desk.sign_text(origin, text)
    return [base64.b64encode(signature).decode(), holder.certificate_no]


def _user_info(desk: Desk, origin: str, args: Arguments) -> Data:
    holder = _holder(desk)
    parts = (holder.certificate_no, holder.person, holder.uscc, holder.company, "", holder.card)
    return ["||".join(parts)]


def _valid_time(desk: Desk, origin: str, args: Arguments) -> Data:
    holder = _holder(desk)
    form = "%Y%m%d%H%M%S"
    start, end = holder.since.astimezone(), holder.until.astimezone()
    return [{"szStartTime": start.strftime(form), "szEndTime": end.strftime(form)}]


def _certificate(desk: Desk, origin: str, args: Arguments) -> Data:
    return [base64.b64encode(_holder(desk).certificate).decode()]


def _of_holder(name: str) -> Act:
    def tell(desk: Desk, origin: str, args: Arguments) -> Data:
        return [str(getattr(_holder(desk), name))]

    return tell


def _holder(desk: Desk) -> Holder:
    return desk.holders()[0]


_SIGNED = "cus-sec_Spc"
CALLS: Mapping[str, Act] = {
    "ver": _version,
    "ra_Is903Reader": _is_903_reader,
    "security_SpcSignRandom": _sign_random,
    "cus-sec_SpcSignRandom": _sign_random,
    "security_getGetCardUserInfoAll": _user_info,
    f"{_SIGNED}SignDataAsPEM": _sign_data,
    f"{_SIGNED}GetCardID": _of_holder("card"),
    f"{_SIGNED}GetCertNo": _of_holder("certificate_no"),
    f"{_SIGNED}GetUName": _of_holder("person"),
    f"{_SIGNED}GetEntID": _of_holder("uscc"),
    f"{_SIGNED}GetEntName": _of_holder("company"),
    f"{_SIGNED}GetCardUserInfo": _user_info,
    f"{_SIGNED}GetSignCertAsPEM": _certificate,
    f"{_SIGNED}GetValidTimeFromCert": _valid_time,
}


def _next_block(block: Block) -> Mapping[str, object]:
    piece = {"guid": block.guid, "next": block.number + 1, "finish": False}
    return _answered({"_id": None, "_method": "_nextBlock"}, result=True, data=[piece])


def _failed(head: Mapping[str, object], trouble: Trouble) -> Mapping[str, object]:
    text = f"{trouble.zh}。{trouble.todo_zh}"
    return _answered(head, result=False, error=[text, f"Err:{trouble.row.official}"])


def _answered(
    head: Mapping[str, object], *, result: bool, data: Data = (), error: Sequence[str] = ()
) -> Mapping[str, object]:
    args = {"Result": result, "Data": list(data), "Error": list(error)}
    return {**head, "_status": "00", "_args": args}


def _arguments(asked: Arguments) -> Arguments:
    args = asked.get("args", {})
    if not isinstance(args, dict):
        raise Trouble("BAD_REQUEST", what="args")
    return args
