"""Small tools for ISO 20022 trees: build by nested tuples, read by paths, check by schemas."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from itertools import islice
from threading import Lock
from typing import cast

from lxml import etree

from libs.messages.errors import FieldError, Malformed
from libs.messages.parsing import parse_xml

Node = tuple[str, object]
"""(tag, text | list of nodes | None): None is left out. "Tag@CNY" sets the currency."""

STATUS_REQUEST = "status-request.01"
STATUS_NAMESPACE = "urn:tongbao:bank:status-request:1"
_COMPLAINTS_MAX = 20
_checking = Lock()  # a schema keeps the complaints of its last check


def build(message_type: str, root: str, children: Iterable[Node]) -> bytes:
    """A document of `message_type` (e.g. "pain.008.001.07"). Raises ValueError unless valid."""
    space = namespace(message_type)
    nsmap = cast(dict[str, str], {None: space})  # the stubs do not know the default namespace
    if message_type == STATUS_REQUEST:
        document = _filled(etree.Element(f"{{{space}}}{root}", nsmap=nsmap), space, children)
    else:
        document = etree.Element(f"{{{space}}}Document", nsmap=nsmap)
        _filled(document, space, [(root, list(children))])
    if errors := complaints(message_type, document):
        raise ValueError(f"{message_type}: {'; '.join(map(str, errors))}")
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8")


def namespace(message_type: str) -> str:
    """The namespace of a message type."""
    if message_type == STATUS_REQUEST:
        return STATUS_NAMESPACE
    return f"urn:iso:std:iso:20022:tech:xsd:{message_type}"


@cache
def load_schema(message_type: str) -> etree.XMLSchema:
    """The XSD of a message type: of the package `sepa`, or our own beside this module."""
    if message_type == STATUS_REQUEST:
        place = files(__package__).joinpath("schemas")
    else:
        place = files("sepa").joinpath("schemas")
    return etree.XMLSchema(parse_xml(place.joinpath(f"{message_type}.xsd").read_bytes()))


def complaints(message_type: str, root: etree._Element) -> list[FieldError]:
    """What the schema has against a document; empty when it is valid."""
    schema = load_schema(message_type)
    with _checking:
        if schema.validate(root):
            return []
        log = cast(Iterable[etree._LogEntry], schema.error_log)  # the stubs forget __iter__
        return [_error(entry) for entry in islice(log, _COMPLAINTS_MAX)]


def check(message_type: str, root: etree._Element) -> None:
    """Raise Malformed unless `root` is a valid document of `message_type`."""
    if root.tag != f"{{{namespace(message_type)}}}Document":
        raise Malformed("WRONG_KIND", f"根元素为 {root.tag}，应为 {message_type} 的 Document")
    if errors := complaints(message_type, root):
        raise Malformed("FIELDS", errors=errors)


def first(root: etree._Element, *paths: str) -> str | None:
    """The first text at these paths of local names, such as "GrpHdr/MsgId", below the root."""
    for path in paths:
        text = root.findtext(_path(path))
        if text:
            return text
    return None


def every(root: etree._Element, path: str) -> list[etree._Element]:
    """All elements at a path."""
    return root.findall(_path(path))


def _path(path: str) -> str:
    return "/".join(f"{{*}}{step}" for step in path.split("/"))


def _error(entry: etree._LogEntry) -> FieldError:
    where = str(entry.path or "")
    return FieldError(
        where, where.rpartition("/")[2].rpartition(":")[2] or "Document", entry.message
    )


def _filled(parent: etree._Element, space: str, nodes: Iterable[Node]) -> etree._Element:
    for tag, content in nodes:
        if content is None:
            continue
        name, _, currency = tag.partition("@")
        child = etree.SubElement(parent, name if name.startswith("{") else f"{{{space}}}{name}")
        if currency:
            child.set("Ccy", currency)
        if isinstance(content, list):
            _filled(child, space, content)
        else:
            child.text = str(content)
    return parent
