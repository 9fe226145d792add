"""The only place where bytes from outside become a tree. Hardened against hostile input."""

import re
import threading
from typing import Any

import orjson
from lxml import etree

from libs.messages.errors import Malformed

BYTES_MAX = 1024 * 1024
DEPTH_MAX = 100
NODES_MAX = 20_000  # elements and attributes, or members and items; a full payment has 12,000
NODE_BYTES_MIN = 4  # <a/>
_BOM = b"\xef\xbb\xbf"

_GROUP = (dict, list)
# marks: a text with the colon that makes it a name, an opening, a closing; else a mere text
_TEXT = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_JSON_TEXT = re.compile(_TEXT, re.DOTALL)
_JSON_MARKS = re.compile(_TEXT + rb"([ \t\r\n]*:)?|([\[{])|([\]}])", re.DOTALL)
_NAME, _OPENING, _CLOSING = 1, 2, 3

_too_deep = etree.XPath(f"boolean({'/*' * (DEPTH_MAX + 1)})")
_too_many = etree.XPath(f"count(//* | //@*) > {NODES_MAX}")
_local = threading.local()  # a parser serves one thread at a time


def parse_xml(data: bytes, limit: int = BYTES_MAX) -> etree._Element:
    """The root of the document in `data`, at most `limit` bytes of UTF-8.

    Comments are dropped (a comment would cut an element's text in two while canonicalisation
    skips it). Raises Malformed: TOO_LARGE, DTD, TOO_DEEP, SYNTAX.
    """
    _check_size(data, limit)
    if b"!" in data and (b"<!DOCTYPE" in data or b"<!ENTITY" in data):  # one byte is found faster
        raise Malformed("DTD")
    if data.find(b"<?", len(_BOM) + 1 if data.startswith(_BOM) else 1) != -1:
        raise Malformed("SYNTAX", "报文不得包含处理指令")
    try:
        data.decode("utf-8")
        root: etree._Element = etree.fromstring(data, _parser())
    except UnicodeDecodeError as error:
        raise Malformed("SYNTAX", f"报文必须使用 UTF-8 编码（第 {error.start} 字节）") from None
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Malformed(_syntax_reason(str(error)), _place(error)) from None
    if (root.getroottree().docinfo.encoding or "UTF-8").upper() not in ("UTF-8", "ASCII"):
        raise Malformed("SYNTAX", "报文必须使用 UTF-8 编码")
    if _too_deep(root):
        raise Malformed("TOO_DEEP", f"最多 {DEPTH_MAX} 层")
    if len(data) > NODES_MAX * NODE_BYTES_MIN and _too_many(root):
        raise Malformed("TOO_LARGE", f"最多 {NODES_MAX} 个元素")
    return root


def parse_json(data: bytes, limit: int = BYTES_MAX) -> dict[str, Any]:
    """The JSON object in `data`, at most `limit` bytes of UTF-8.

    Raises Malformed: TOO_LARGE, TOO_DEEP, SYNTAX (also for a name twice in one object: readers
    differ on which counts).
    """
    _check_size(data, limit)
    if (usual := _compact(data)) is not None:
        return usual
    names = _count_names(data)
    if data.count(b",") > NODES_MAX and _JSON_TEXT.sub(b"", data).count(b",") > NODES_MAX:
        raise Malformed("TOO_LARGE", f"最多 {NODES_MAX} 项")
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        detail = f"第 {error.lineno} 行第 {error.colno} 列"
        raise Malformed("SYNTAX", detail) from None
    if not isinstance(value, dict):
        raise Malformed("SYNTAX", "应为 JSON 对象")
    if _names(value) != names:
        raise Malformed("SYNTAX", "同一对象中有重复的名称")
    return value


def _compact(data: bytes) -> dict[str, Any] | None:
    """The object in `data`, when it is small and without spaces, as programs write JSON.

    Writing it again then gives the same bytes, so no name stood there twice.
    """
    if (
        data.count(b"{") + data.count(b"[") > DEPTH_MAX  # no deeper than there are brackets
        or (len(data) > NODES_MAX and data.count(b",") > NODES_MAX)
    ):
        return None
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) and orjson.dumps(value) == data else None


def _check_size(data: bytes, limit: int) -> None:
    if len(data) > limit:
        raise Malformed("TOO_LARGE", f"{len(data)} 字节，最多 {limit} 字节")


def _parser() -> etree.XMLParser:
    if not hasattr(_local, "parser"):
        _local.parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
        )
    parser: etree.XMLParser = _local.parser
    return parser


def _syntax_reason(text: str) -> str:
    return "TOO_DEEP" if "depth" in text.lower() else "SYNTAX"


def _place(error: Exception) -> str:
    line, column = getattr(error, "position", (0, 0)) or (0, 0)
    return f"第 {line} 行第 {column} 列" if line else "内容为空或无法识别"


def _count_names(data: bytes) -> int:
    """How many names `data` has; right for any well-formed JSON. Raises Malformed TOO_DEEP."""
    depth = names = 0
    for mark in _JSON_MARKS.finditer(data):
        if mark.lastindex == _OPENING:
            depth += 1
            if depth > DEPTH_MAX:
                raise Malformed("TOO_DEEP", f"最多 {DEPTH_MAX} 层")
        elif mark.lastindex == _CLOSING:
            depth -= 1
        elif mark.lastindex == _NAME:
            names += 1
    return names


def _names(value: object) -> int:
    """How many names the objects in `value` have; fewer than were written: some came twice."""
    if isinstance(value, dict):
        return len(value) + sum(_names(item) for item in value.values() if item.__class__ in _GROUP)
    if isinstance(value, list):
        return sum(_names(item) for item in value if item.__class__ in _GROUP)
    return 0
