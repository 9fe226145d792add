"""JSON frames, in and out, for every protocol of the door."""

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
