"""What a document says, for the eyes of whoever signs it.

What is shown and what is signed cannot differ: the document is read into its kind's model, the
lines are made from that model, and the bytes that are signed are written anew from that model.
Nothing that came from the page is signed as it came, and what the model does not know is refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from card_signer.lines import Line, printable
from card_signer.troubles import Trouble
from libs.messages.codec import kind_named_in
from libs.messages.codes.table import InTable
from libs.messages.errors import Malformed
from libs.messages.parties import COMPANY_ROLES, Role
from libs.messages.partners import XML
from libs.messages.registry import kind_of_type

DOCUMENT_BYTES_MAX = 1024 * 1024
Names = Mapping[str, str]  # of codes
_RATES = ("%", "‰")  # decimals that are no amounts
_PARTIES = ("企业名称", "被保险人", "保险机构", "收款", "付款", "银行", "账号", "户名", "受益人")


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
            yield from _shown(field.title or name, value, depth, _names(field.annotation, field))


def _shown(label: str, value: object, depth: int, names: Names) -> Iterator[Line]:
    if isinstance(value, BaseModel):
        yield Line(label, "", depth)
        yield from _lines(value, depth + 1)
    elif isinstance(value, tuple | list):
        for number, each in enumerate(value, 1):
            yield from _shown(f"{label} {number}", each, depth, names)
    else:
        name = names.get(str(value), "")
        text = f"{_text(value)} {name}" if name else _text(value)
        yield Line(label, text, depth, _is_key(label, value))


def _names(annotation: object, field: FieldInfo | None = None) -> Names:
    """What the codes of a field's table mean; nothing for a field that holds no codes."""
    told = field.metadata if field else getattr(annotation, "__metadata__", ())
    for each in told:
        if isinstance(each, InTable):
            return each.table.rows
    return next((found for part in get_args(annotation) if (found := _names(part))), {})


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


def _is_key(label: str, value: object) -> bool:
    if isinstance(value, Decimal):
        return not any(sign in label for sign in _RATES)
    return any(word in label for word in _PARTIES)
