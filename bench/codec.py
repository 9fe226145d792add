"""Benchmark `codec`: our XML codec against pydantic-xml, both ways, on one full cargo proposal.

The model for pydantic-xml is made from ours: the same fields in the same order with the same
checks, the same rules between fields, nothing unknown allowed. Both take and give the same bytes.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from inspect import isfunction
from types import NoneType, UnionType
from typing import Annotated, Any, Self, Union, cast, get_args, get_origin

from lxml import etree
from pydantic import Strict, create_model, model_validator
from pydantic_core import PydanticUndefined
from pydantic_xml import BaseXmlModel, element

from bench.harness import Figure, Result, compare
from bench.signed import a_meta
from libs.messages.base import Model
from libs.messages.codec import NAMESPACE
from libs.messages.errors import FieldError, RulesBroken
from libs.messages.full_proposal import a_full_proposal
from libs.messages.kinds.proposal import SubmitCargoProposal
from libs.messages.partners import XML
from libs.messages.registry import kind_of

TARGET = 4.0
_NSMAP = {"": f"{NAMESPACE}1"}


class Reading(BaseXmlModel, extra="forbid", frozen=True, nsmap=_NSMAP):
    """What the models for pydantic-xml have in common."""

    def broken_rules(self) -> Iterator[FieldError]:
        """As `Model.broken_rules`."""
        return iter(())

    @classmethod
    def wrong(cls, field: str, problem: str, expected: str = "") -> FieldError:
        """As `Model.wrong`."""
        return FieldError(field, field, problem, expected)

    @model_validator(mode="after")
    def _keep_rules(self) -> Self:
        if broken := tuple(self.broken_rules()):
            raise RulesBroken(broken)
        return self


def codec_bench() -> Result:
    """Decode (the value and the first reference), then encode (the second reference)."""
    kind = kind_of(SubmitCargoProposal)
    message = SubmitCargoProposal(meta=a_meta(), form=a_full_proposal(datetime.now(UTC).date()))
    data = kind.codec.encode(message, XML)
    reading = reading_of(SubmitCargoProposal)
    other = reading.from_xml(data)
    _must_agree(message, data, other)
    decoding = compare(
        "codec",
        lambda: kind.codec.decode(data, XML),
        {"pydantic-xml decode": (lambda: reading.from_xml(data), TARGET)},
    )
    encoding = compare(
        "codec",
        lambda: kind.codec.encode(message, XML),
        {"pydantic-xml encode": (lambda: _written(other), TARGET)},
    )
    return Result(
        "codec",
        decoding.value,
        decoding.unit,
        [*decoding.reference, *encoding.reference],
        figures=[Figure("encode", encoding.value, encoding.unit)],
        load=f"one cargo proposal of {len(data):,} bytes of XML; the value is decoding",
    )


@cache
def reading_of(model: type[Model]) -> type[BaseXmlModel]:
    """The model for pydantic-xml."""
    functions: dict[str, Callable[..., object]] = {
        name: found
        for parent in reversed(model.__mro__)
        if issubclass(parent, Model) and parent is not Model
        for name, found in vars(parent).items()
        if isfunction(found) and not name.startswith("__")
    }
    rules = type(f"{model.__name__}Rules", (), functions)
    fields = {name: _field(model, name) for name in model.model_fields}
    made: Any = create_model(
        model.__name__,
        __base__=(rules, Reading),
        __cls_kwargs__={"tag": model.__name__, "ns": "", "nsmap": _NSMAP},
        **fields,
    )
    return cast("type[BaseXmlModel]", made)


def _field(model: type[Model], name: str) -> Any:
    info = model.model_fields[name]
    marks = [mark for mark in info.metadata if not isinstance(mark, Strict)]
    type_ = _type(info.annotation)
    for mark in marks:
        type_ = Annotated[type_, mark]
    default = ... if info.default is PydanticUndefined else info.default
    return (type_, element(tag=info.alias or name, ns="", default=default))


def _type(annotation: Any) -> Any:
    """The annotation with models exchanged, and numbers and truth values read from text."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        found = _type(inside[0])
        for mark in inside[1:]:
            found = found if isinstance(mark, Strict) else Annotated[found, mark]
        return found
    if origin in (Union, UnionType):
        (inner,) = (arg for arg in inside if arg is not NoneType)
        return _type(inner) | None
    if origin is tuple:
        return tuple[_type(inside[0]), ...]  # type: ignore[misc]  # made at run time
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return reading_of(annotation)
    return annotation


def _written(value: BaseXmlModel) -> bytes:
    written = value.to_xml(encoding="UTF-8", xml_declaration=True, exclude_none=True)
    return written if isinstance(written, bytes) else written.encode()


def _must_agree(message: SubmitCargoProposal, data: bytes, other: BaseXmlModel) -> None:
    """Both sides read the same values and write the same document."""
    ours, theirs = message.model_dump(), other.model_dump()
    if ours != theirs:
        raise AssertionError("pydantic-xml reads other values")
    forms = [
        etree.tostring(etree.fromstring(written), method="c14n", exclusive=True)
        for written in (data, _written(other))
    ]
    if forms[0] != forms[1]:
        raise AssertionError("pydantic-xml writes another document")
