"""Bytes to messages and back: XML and JSON from the same model.

XML: root element = kind name in the namespace of its version, children = camelCase field names
in model order, lists as repeated elements, absent = None. JSON: the same names, plus `kind`
(the CloudEvents type), because headers are not signed.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

from lxml import etree
from pydantic import ValidationError

from libs.messages.base import Message
from libs.messages.canonical import DECLARATION, Canonical, Grammar
from libs.messages.errors import FieldError, Malformed
from libs.messages.labels import field_errors, locate
from libs.messages.parsing import parse_json, parse_xml
from libs.messages.partners import JSON, XML
from libs.messages.xml_model import Misplaced, XmlModel, xml_model

NAMESPACE = "urn:tongbao:messages:v"
_DECLARED = DECLARATION.decode()
Content = bytes | etree._Element


class Codec(Protocol):
    """How messages of one kind become bytes and back."""

    def encode(self, message: Message, content_type: str) -> bytes:
        """The message's bytes. Raises ValueError for a content type it does not speak."""

    def decode(self, data: Content, content_type: str) -> Message:
        """The message in `data` (bytes, or an already parsed root). Raises Malformed."""


class ModelCodec:
    """The codec of our own kinds, compiled from the model's fields."""

    def __init__(self, model: type[Message], version: int, ce_type: str) -> None:
        self._model = model
        self._ce_type = ce_type
        self._namespace = f"{NAMESPACE}{version}"
        self._tag = f"{{{self._namespace}}}{model.__name__}"
        self._xml_head = f'<{model.__name__} xmlns="{self._namespace}">'
        self._xml_tail = f"</{model.__name__}>"
        self.head = self._xml_head.encode()  # how a canonical document begins
        self._json_head = b'{"kind":"%s",' % ce_type.encode()

    def encode(self, message: Message, content_type: str) -> bytes:
        """The message's bytes. Raises ValueError for a content type it does not speak."""
        if content_type == JSON:
            body = message.__pydantic_serializer__.to_json(
                message, by_alias=True, exclude_none=True
            )
            return self._json_head + body[1:]
        if content_type == XML:
            parts = [_DECLARED, self._xml_head]
            self._xml.write(message, parts)
            parts.append(self._xml_tail)
            return "".join(parts).encode()
        raise ValueError(f"no codec for {content_type}")

    def decode(self, data: Content, content_type: str) -> Message:
        """The message in `data` (bytes, or an already parsed root). Raises Malformed."""
        if content_type == XML:
            if isinstance(data, bytes) and (canonical := self._canonical(data)) is not None:
                return self._validate(self.grammar.value(canonical))
            return self._from_xml(parse_xml(data) if isinstance(data, bytes) else data)
        if content_type == JSON and isinstance(data, bytes):
            return self._from_json(data)
        raise Malformed("HEADERS", f"content-type {content_type}：应为 {XML} 或 {JSON}")

    @property
    def _xml(self) -> XmlModel:
        return xml_model(self._model, self._namespace)

    @cached_property
    def grammar(self) -> Grammar:
        """The kind's documents in canonical form."""
        return Grammar(self._ce_type, self._xml_head, self._xml, self._xml_tail)

    def _canonical(self, data: bytes) -> Canonical | None:
        if isinstance(data, Canonical):
            return data if data.grammar is self.grammar else None
        return self.grammar.read(data.removeprefix(DECLARATION))

    def _from_xml(self, root: etree._Element) -> Message:
        if root.tag != self._tag:
            raise Malformed("WRONG_KIND", f"根元素为 {root.tag}，应为 {self._tag}")
        value, misplaced = self._xml.read(root)
        return self._validate(value, [self._error(found) for found in misplaced])

    def _error(self, found: Misplaced) -> FieldError:
        path, label, _ = locate(self._model, found.location)
        return FieldError(path, label, found.problem, found.expected)

    def _from_json(self, data: bytes) -> Message:
        value = parse_json(data)
        if (kind := value.pop("kind", None)) != self._ce_type:
            raise Malformed("WRONG_KIND", f"kind 为 {kind}，应为 {self._ce_type}")
        return self._validate(value)

    def _validate(self, value: object, wrong: Sequence[FieldError] = ()) -> Message:
        try:
            message: Message = self._model.__pydantic_validator__.validate_python(
                value, by_name=False, by_alias=True
            )
        except ValidationError as error:
            raise Malformed("FIELDS", errors=[*wrong, *field_errors(self._model, error)]) from None
        if wrong:
            raise Malformed("FIELDS", errors=wrong)
        return message


def kind_named_in(data: Content, content_type: str) -> str | None:
    """The CloudEvents type that the content itself claims; None when it claims none.

    Raises Malformed when the content cannot be read at all.
    """
    if isinstance(data, Canonical):
        return data.grammar.ce_type
    if content_type == XML:
        root = parse_xml(data) if isinstance(data, bytes) else data
        name = etree.QName(root)
        if name.namespace and name.namespace.startswith(NAMESPACE):
            return f"cn.tongbao.{name.localname}.v{name.namespace.removeprefix(NAMESPACE)}"
        return None
    kind = parse_json(data).get("kind") if isinstance(data, bytes) else None
    return kind if isinstance(kind, str) else None
