"""JSON frames, in and out, for every protocol of the door."""

import base64
from collections.abc import Mapping
from typing import Any

import orjson

from card_signer.troubles import Trouble

Arguments = Mapping[str, Any]


def parsed(frame: str | bytes) -> Arguments:
    """The object in a frame. Raises Trouble BAD_REQUEST."""
    try:
        asked = orjson.loads(frame)
    except orjson.JSONDecodeError:
        raise Trouble("BAD_REQUEST", what="JSON") from None
    if not isinstance(asked, dict):
        raise Trouble("BAD_REQUEST", what="{}")
    return asked


def text(asked: Arguments, name: str, default: str | None = None) -> str:
    """A text in it. Raises Trouble BAD_REQUEST."""
    value = asked.get(name, default)
    if not isinstance(value, str):
        raise Trouble("BAD_REQUEST", what=name)
    return value


def told(answer: Mapping[str, object]) -> str:
    """An answer as a frame."""
    return orjson.dumps(answer).decode()


def b64(data: bytes) -> str:
    """Bytes, as frames hold them."""
    return base64.b64encode(data).decode()


def unb64(data: str, name: str) -> bytes:
    """And back; blanks and line ends between do not count. Raises Trouble BAD_REQUEST."""
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except ValueError:
        raise Trouble("BAD_REQUEST", what=name) from None
