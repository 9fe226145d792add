"""Small tools for ISO 20022 trees: build by nested tuples, read by paths, check by schemas."""

from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lxml import etree

from libs.messages.errors import Malformed

Node = tuple[str, object]
"""(tag, text | list of nodes | None): None is left out."""


def build(message_type: str, root: str, children: Iterable[Node]) -> bytes:
    """A document of `message_type` (e.g. "pain.008.001.07"). Raises ValueError unless valid."""
    document = etree.Element("Document", nsmap=_nsmap(namespace(message_type)))
    _fill(document, [(root, list(children))])
    data = etree.tostring(document, xml_declaration=True, encoding="UTF-8")
    # what we build must satisfy the bank's own check: parsed again, as the bank will
    parsed = etree.fromstring(data)
    schema = load_schema(message_type)
    if not schema.validate(parsed):
        raise ValueError(f"{message_type}: {_first(schema)}")
    return data


def namespace(message_type: str) -> str:
    """The namespace of a message type."""
    return f"urn:iso:std:iso:20022:tech:xsd:{message_type}"


@cache
def load_schema(message_type: str) -> etree.XMLSchema:
    """The XSD of a message type, from the files that the package `sepa` carries."""
    spec = find_spec("sepa")
    if spec is None or spec.origin is None:
        raise RuntimeError("the package sepa, which carries the ISO 20022 schemas, is missing")
    path = Path(spec.origin).parent / "schemas" / f"{message_type}.xsd"
    return etree.XMLSchema(etree.parse(path))


def check(message_type: str, root: etree._Element) -> None:
    """Raise Malformed unless `root` is a valid document of `message_type`."""
    if root.tag != f"{{{namespace(message_type)}}}Document":
        raise Malformed("WRONG_KIND", f"根元素为 {root.tag}，应为 {message_type}")
    schema = load_schema(message_type)
    if not schema.validate(root):
        raise Malformed("FIELDS", f"{message_type}：{_first(schema)}")


def _first(schema: etree.XMLSchema) -> str:
    """The schema's first complaint: line and sentence."""
    return str(schema.error_log).partition("\n")[0][-300:]


def text(root: etree._Element, path: str) -> str | None:
    """The text at a path of local names such as "GrpHdr/MsgId", below the document's child."""
    steps = "/".join(f"{{*}}{step}" for step in path.split("/"))
    found = root[0].find(steps)
    return found.text if found is not None else None


def _fill(parent: etree._Element, nodes: Iterable[Node]) -> None:
    for tag, content in nodes:
        if content is None:
            continue
        name, _, currency = tag.partition("@")
        child = etree.SubElement(parent, name)
        if currency:
            child.set("Ccy", currency)
        if isinstance(content, list):
            _fill(child, content)
        else:
            child.text = str(content)


def _nsmap(name: str) -> dict[str, str]:
    nsmap: dict[str | None, str] = {None: name}
    return nsmap  # type: ignore[return-value]  # the stubs do not know the default namespace
