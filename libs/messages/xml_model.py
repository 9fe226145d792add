"""XML trees from models and back, compiled once from the model's fields."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from lxml import etree

from libs.messages.base import Model

Text = Callable[[Any], str]


class XmlModel:
    """Reads and fills elements of one model. Build with `xml_model`."""

    def __init__(self, model: type[Model], namespace: str) -> None:
        self._fields = [
            _XmlField(name, info.alias or name, info.annotation, namespace)
            for name, info in model.model_fields.items()
        ]
        self._by_tag = {field.tag: field for field in self._fields}

    def fill(self, parent: etree._Element, value: Model) -> None:
        """Append the fields of `value` to `parent`; None is left out."""
        for field in self._fields:
            content = getattr(value, field.name)
            if content is None:
                continue
            for item in content if field.many else (content,):
                child = etree.SubElement(parent, field.tag)
                if field.model:
                    field.model.fill(child, item)
                else:
                    child.text = field.text(item)

    def read(self, parent: etree._Element) -> dict[str, Any]:
        """The children of `parent` as input for the model; unknown ones under their own name."""
        found: dict[str, Any] = {}
        for child in parent:
            field = self._by_tag.get(child.tag)
            if field is None:
                found[etree.QName(child).localname] = child.text
            elif field.many:
                found.setdefault(field.alias, []).append(field.read(child))
            elif field.alias in found:
                found[f"{field.alias}[2]"] = child.text  # twice: refused as an unknown field
            else:
                found[field.alias] = field.read(child)
        return found


class _XmlField:
    def __init__(self, name: str, alias: str, annotation: Any, namespace: str) -> None:
        self.name = name
        self.alias = alias
        self.tag = f"{{{namespace}}}{alias}"
        item, self.many = _item(annotation)
        self.model = (
            xml_model(item, namespace)
            if isinstance(item, type) and issubclass(item, Model)
            else None
        )
        self.text = _text_of(item)

    def read(self, element: etree._Element) -> object:
        if self.model:
            return self.model.read(element)
        if len(element):
            return {etree.QName(child).localname: child.text for child in element}
        return element.text or ""


@cache
def xml_model(model: type[Model], namespace: str) -> XmlModel:
    """The compiled reader and writer of `model`."""
    return XmlModel(model, namespace)


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
