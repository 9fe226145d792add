"""What a document says, for the eyes of whoever signs it.

What is shown and what is signed cannot differ: the document is read into its kind's model, the
lines are made from that model, and the bytes that are signed are written anew from that model.
Nothing that came from the page is signed as it came, and what the model does not know is refused.
"""

import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum

from pydantic import BaseModel

from card_signer.troubles import Trouble
from libs.messages.codec import kind_named_in
from libs.messages.errors import Malformed
from libs.messages.parties import COMPANY_ROLES, Role
from libs.messages.partners import XML
from libs.messages.registry import kind_of_type

DOCUMENT_BYTES_MAX = 1024 * 1024
TEXT_CHARACTERS_MAX = 4_000  # a text that must be read as it is
_BLANKS = "\n\u3000"
_SIGNED_INFO = re.compile(r"<(?:[^\s<>/:]+:)?SignedInfo[\s/>]")  # what an XML signature signs
_FIRST = ("金额", "保费", "保险金额", "合计", "总额", "赔偿限额")
_PARTIES = ("投保人", "被保险人", "保险公司", "银行", "开户行", "账号", "户名", "受益人")


@dataclass(frozen=True, slots=True)
class Line:
    """One field as it is shown; `depth` is how far it stands within others."""

    label: str
    text: str
    depth: int = 0
    is_key: bool = False  # an amount or a counterparty


@dataclass(frozen=True, slots=True)
class Reading:
    """A document that may be signed, and all that it says."""

    title: str
    kind: str
    document_id: str
    roles: frozenset[Role]
    lines: tuple[Line, ...]
    xml: bytes  # written from the model: this is signed

    @property
    def key_lines(self) -> tuple[Line, ...]:
        """Amounts and counterparties: what comes first."""
        return tuple(line for line in self.lines if line.is_key)


def read(data: bytes) -> Reading:
    """Read a company's document. Raises Trouble DOCUMENT, TOO_LARGE."""
    if len(data) > DOCUMENT_BYTES_MAX:
        raise Trouble("TOO_LARGE", limit=DOCUMENT_BYTES_MAX)
    try:
        kind = kind_of_type(kind_named_in(data, XML) or "")
        message = kind.codec.decode(data, XML)
    except Malformed as error:
        raise Trouble("DOCUMENT", what=str(error.detail or error.message)) from None
    if not kind.signed_by & COMPANY_ROLES:
        raise Trouble("DOCUMENT", what=f"{kind.title}：不由企业签名")
    return Reading(
        kind.title,
        kind.ce_type,
        message.meta.document_id,
        kind.signed_by,
        tuple(_lines(message, 0)),
        kind.codec.encode(message, XML),
    )


def _lines(model: BaseModel, depth: int) -> Iterator[Line]:
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if value is not None:
            yield from _shown(field.title or name, value, depth)


def _shown(label: str, value: object, depth: int) -> Iterator[Line]:
    if isinstance(value, BaseModel):
        yield Line(label, "", depth)
        yield from _lines(value, depth + 1)
    elif isinstance(value, tuple | list):
        for number, each in enumerate(value, 1):
            yield from _shown(f"{label} {number}", each, depth)
    else:
        yield Line(label, _text(value), depth, _is_key(label, value))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, Decimal):
        return f"{value:,f}"
    return printable(str(value))


def plain_lines(text: str) -> tuple[Line, ...]:
    """A text as it is. Raises Trouble for what nobody could read, so could not agree to.

    DOCUMENT: nothing, or signs that are not seen. TOO_LONG. UNREADABLE: what a signature of another
    kind is made over; signed as a text, it would be one over a document that was never shown.
    """
    if len(text) > TEXT_CHARACTERS_MAX:
        raise Trouble("TOO_LONG", limit=TEXT_CHARACTERS_MAX)
    if not text.strip():
        raise Trouble("DOCUMENT", what="空")
    seen = text.replace("\r\n", "\n")
    for sign in seen:
        if not (sign.isprintable() or sign in _BLANKS):
            raise Trouble("DOCUMENT", what=f"不可见字符 U+{ord(sign):04X}")
    if _SIGNED_INFO.match(seen) or _is_jws(seen):
        raise Trouble("UNREADABLE")
    return tuple(Line("原文", line) for line in seen.split("\n"))


def _is_jws(text: str) -> bool:
    """Whether it begins as what a JWS signs: a JSON object in base64url, then a dot."""
    head, dot, _ = text.partition(".")
    try:
        return bool(dot) and urlsafe_b64decode(head + "=" * (-len(head) % 4)).lstrip()[:1] == b"{"
    except ValueError:
        return False


def printable(text: str) -> str:
    """Text as one sees it: what would move the cursor or turn the direction is spelt out."""
    return "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in text)


def _is_key(label: str, value: object) -> bool:
    return (isinstance(value, Decimal) and any(word in label for word in _FIRST)) or any(
        label.startswith(word) for word in _PARTIES
    )
