"""XML trees from models and back, compiled once from the model's fields.

Reading is as strict as the XSD: no unknown element or attribute, no text beside elements, each
element in its place. What nobody reads must not be signed either.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from itertools import islice
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from lxml import etree

from libs.messages.base import Model
from libs.messages.scalars import count_of, flag_of

Text = Callable[[Any], str]
Location = tuple[int | str, ...]

MISPLACED_MAX = 100  # one message never answers with more
_ROWS_COUNTED_MAX = 1000
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"  # harmless, and common
_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
_special = re.compile("[&<>]").search
_strays = etree.XPath("//@* | //*[*]/text()[normalize-space()]")


@dataclass(frozen=True, slots=True)
class Misplaced:
    """Something that has no place in a document of this model."""

    location: Location
    problem: str
    expected: str = ""


class XmlModel:
    """Reads and fills elements of one model. Build with `xml_model`."""

    def __init__(self, model: type[Model], namespace: str) -> None:
        self.fields = [
            XmlField(place, name, info.alias or name, info.annotation, namespace)
            for place, (name, info) in enumerate(model.model_fields.items())
        ]
        self._by_tag = {field.tag: field for field in self.fields}

    def write(self, value: Model, parts: list[str]) -> None:
        """Append the fields of `value` as XML text; None is left out."""
        for field in self.fields:
            content = getattr(value, field.name)
            if content is None:
                continue
            for item in content if field.many else (content,):
                if field.model:
                    parts.append(field.opening)
                    field.model.write(item, parts)
                    parts.append(field.closing)
                else:
                    parts.append(f"{field.opening}{_escaped(field.text(item))}{field.closing}")

    def read(self, root: etree._Element) -> tuple[dict[str, Any], list[Misplaced]]:
        """Input for the model, and everything that has no place in the document."""
        strays = islice(_found(root), MISPLACED_MAX)
        wrong = [found for stray in strays if (found := _stray(root, stray))]
        return self.read_group(root, wrong), wrong

    def read_group(self, parent: etree._Element, wrong: list[Misplaced]) -> dict[str, Any]:
        """The children of `parent`; adds to `wrong` those that have no place there."""
        found: dict[str, Any] = {}
        by_tag, place = self._by_tag, -1
        for child in parent:
            field = by_tag.get(child.tag)
            if field is None:
                _note(wrong, child, "未知的字段", "删除该字段")
            elif field.place < place:
                _note(wrong, child, "位置有误", "按规定的顺序排列")
            elif field.many:
                place = field.place
                found.setdefault(field.alias, []).append(field.read(child, wrong))
            elif field.place == place:
                _note(wrong, child, "重复的字段", "只填写一次")
            else:
                place = field.place
                found[field.alias] = field.read(child, wrong)
        return found


class XmlField:
    """One field of a model as an element: its place, its tags, what is inside."""

    def __init__(self, place: int, name: str, alias: str, annotation: Any, namespace: str) -> None:
        self.place = place
        self.name = name
        self.alias = alias
        self.tag = f"{{{namespace}}}{alias}"
        self.opening, self.closing = f"<{alias}>", f"</{alias}>"
        item, self.many = _item(annotation)
        self.model = (
            xml_model(item, namespace)
            if isinstance(item, type) and issubclass(item, Model)
            else None
        )
        self.text = _text_of(item)
        self.value = _VALUES.get(item)

    def read(self, element: etree._Element, wrong: list[Misplaced]) -> object:
        """The element as input for the model."""
        if self.model:
            return self.model.read_group(element, wrong)
        if len(element):
            _note(wrong, element[0], "未知的字段", "删除该字段")
        text = element.text or ""
        return self.value(text) if self.value else text


@cache
def xml_model(model: type[Model], namespace: str) -> XmlModel:
    """The compiled reader and writer of `model`."""
    return XmlModel(model, namespace)


def _note(wrong: list[Misplaced], element: etree._Element, problem: str, expected: str) -> None:
    if len(wrong) < MISPLACED_MAX:
        wrong.append(Misplaced(_location(element), problem, expected))


def _found(root: etree._Element) -> Sequence[object]:
    found = _strays(root)
    return found if isinstance(found, list) else ()


def _stray(root: etree._Element, stray: object) -> Misplaced | None:
    """An attribute, or a text beside elements; both are strings that know where they stand."""
    parent: etree._Element = getattr(stray, "getparent")()  # noqa: B009 - lxml's smart string
    name = getattr(stray, "attrname", None)
    if name is None:
        return Misplaced(_location(parent), "元素之间不得有文字", "删除文字")
    if parent is root and name == _XSI:
        return None
    local = etree.QName(name).localname
    return Misplaced((*_location(parent), f"@{local}"), "未知的属性", "删除该属性")


def _location(element: etree._Element) -> Location:
    """Local names from below the root to `element`; a repeated one with its index, from 0."""
    parts: list[int | str] = []
    current: etree._Element | None = element
    while current is not None and (parent := current.getparent()) is not None:
        same = current.itersiblings(current.tag, preceding=True)
        if before := sum(1 for _ in islice(same, _ROWS_COUNTED_MAX)):
            parts.append(before)
        parts.append(etree.QName(current).localname)
        current = parent
    return tuple(reversed(parts))


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES) if _special(text) else text


def _item(annotation: Any) -> tuple[Any, bool]:
    """The innermost type of a field, and whether it is a sequence of these."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _item(get_args(annotation)[0])
    if origin in (Union, UnionType):
        inner = [arg for arg in get_args(annotation) if arg is not NoneType]
        return _item(inner[0])
    if origin in (tuple, list):
        return _item(get_args(annotation)[0])[0], True
    return annotation, False


def _text_of(type_: Any) -> Text:
    if isinstance(type_, type):
        for base, text in _TEXTS:
            if issubclass(type_, base):
                return text
    return str


def _enum_text(value: Enum) -> str:
    return str(value.value)


def _bool_text(value: bool) -> str:
    return "true" if value else "false"


def _decimal_text(value: Decimal) -> str:
    return format(value, "f")


def _datetime_text(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


_TEXTS: tuple[tuple[type, Text], ...] = (
    (Enum, _enum_text),
    (bool, _bool_text),
    (Decimal, _decimal_text),
    (datetime, _datetime_text),
    (date, date.isoformat),
)
_VALUES: dict[Any, Callable[[str], object]] = {bool: flag_of, int: count_of}
