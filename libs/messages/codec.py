"""Bytes to messages and back: XML and JSON from the same model.

XML: root element = kind name in the namespace of its version, children = camelCase field names
in model order, lists as repeated elements, absent = None. JSON: the same names, plus `kind`
(the CloudEvents type), because headers are not signed.
"""

from typing import Protocol, cast

import orjson
from lxml import etree
from pydantic import ValidationError

from libs.messages.base import Message
from libs.messages.errors import Malformed
from libs.messages.labels import field_errors
from libs.messages.parsing import parse_json, parse_xml
from libs.messages.partners import JSON, XML
from libs.messages.xml_model import XmlModel, xml_model

NAMESPACE = "urn:tongbao:messages:v"
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
        self._nsmap: dict[str | None, str] = {None: self._namespace}
        self._json_head = b'{"kind":"%s",' % ce_type.encode()

    def encode(self, message: Message, content_type: str) -> bytes:
        """The message's bytes. Raises ValueError for a content type it does not speak."""
        if content_type == JSON:
            body = message.__pydantic_serializer__.to_json(
                message, by_alias=True, exclude_none=True
            )
            return self._json_head + body[1:]
        if content_type == XML:
            return etree.tostring(self.element(message), xml_declaration=True, encoding="UTF-8")
        raise ValueError(f"no codec for {content_type}")

    def element(self, message: Message) -> etree._Element:
        """The message as an XML tree."""
        root = etree.Element(self._tag, nsmap=cast(dict[str, str], self._nsmap))
        self._xml.fill(root, message)
        return root

    def decode(self, data: Content, content_type: str) -> Message:
        """The message in `data` (bytes, or an already parsed root). Raises Malformed."""
        if content_type == XML:
            return self._from_xml(parse_xml(data) if isinstance(data, bytes) else data)
        if content_type == JSON and isinstance(data, bytes):
            return self._from_json(data)
        raise Malformed("HEADERS", f"content-type {content_type}：应为 {XML} 或 {JSON}")

    @property
    def _xml(self) -> XmlModel:
        return xml_model(self._model, self._namespace)

    def _from_xml(self, root: etree._Element) -> Message:
        if root.tag != self._tag:
            raise Malformed("WRONG_KIND", f"根元素为 {root.tag}，应为 {self._tag}")
        return self._validate(self._xml.read(root))

    def _from_json(self, data: bytes) -> Message:
        value = parse_json(data)
        if (kind := value.pop("kind", None)) != self._ce_type:
            raise Malformed("WRONG_KIND", f"kind 为 {kind}，应为 {self._ce_type}")
        return self._validate(value)

    def _validate(self, value: object) -> Message:
        try:
            return self._model.model_validate(value, by_name=False, by_alias=True)
        except ValidationError as error:
            raise Malformed("FIELDS", errors=field_errors(self._model, error)) from None


def kind_named_in(data: Content, content_type: str) -> str | None:
    """The CloudEvents type that the content itself claims; None when it claims none."""
    if content_type == XML:
        root = parse_xml(data) if isinstance(data, bytes) else data
        name = etree.QName(root)
        if name.namespace and name.namespace.startswith(NAMESPACE):
            return f"cn.tongbao.{name.localname}.v{name.namespace.removeprefix(NAMESPACE)}"
        return None
    try:
        value = orjson.loads(data if isinstance(data, bytes) else b"")
    except orjson.JSONDecodeError:
        return None
    kind = value.get("kind") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else None
