"""The pattern of canonical documents and the tree agree on every document the pattern takes."""

from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from libs.messages.canonical import DECLARATION
from libs.messages.codec import ModelCodec
from libs.messages.examples import messages
from libs.messages.parsing import parse_xml
from libs.messages.partners import XML
from libs.messages.registry import KINDS, Kind, canonical, kind_of
from libs.messages.xml_model import xml_model

PIECES = [
    "", " ", "\n", "\r", "\t", "\x00", "\x0b", "\x7f", "\x85", "\u2028", "\ufffe", "\uffff", "😀",
    "&", "&amp;", "&lt;", "&gt;", "&#13;", "&#65;", "&quot;", "&amp;amp;", "<", ">", "]]>", "/>",
    "<a>", "</a>", "<a/>", "<!-- -->", "<![CDATA[x]]>", "<?pi?>", ' a="b"', ' xmlns="urn:x"',
    "<meta></meta>", "<note></note>", "<form></form>", "true", "1", "x",
]  # fmt: skip
EXAMPLES = {kind_of(type(message)).name: message for message in messages()}
ALL_KINDS = pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)


@cache
def document(kind: Kind) -> str:
    return kind.codec.encode(EXAMPLES[kind.name], XML).removeprefix(DECLARATION).decode()


def agrees(kind: Kind, data: bytes) -> None:
    """What the pattern takes, the tree takes too, to the same values; and it is canonical."""
    codec = kind.codec
    assert isinstance(codec, ModelCodec)
    found = canonical(data)
    if found is None:
        return
    root = parse_xml(data)
    assert etree.tostring(root, method="c14n", exclusive=True) == data
    model = xml_model(kind.model, etree.QName(root).namespace or "")
    assert model.read(root) == (codec.grammar.value(found), [])


@ALL_KINDS
def test_what_the_codec_writes_is_canonical(kind: Kind) -> None:
    assert canonical(document(kind).encode()) == document(kind).encode()
    agrees(kind, document(kind).encode())


@ALL_KINDS
@settings(deadline=None, max_examples=30)
@given(place=st.integers(0), length=st.integers(0, 30), piece=st.sampled_from(PIECES) | st.text())
@example(place=0, length=0, piece="\ufeff")
def test_a_changed_document(kind: Kind, place: int, length: int, piece: str) -> None:
    text = document(kind)
    place %= len(text) + 1
    data = (text[:place] + piece + text[place + length :]).encode(errors="surrogatepass")
    agrees(kind, data)


@ALL_KINDS
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_any_text_in_a_field(kind: Kind, data: st.DataObject) -> None:
    text = document(kind)
    ends = [at for at in range(1, len(text)) if text.startswith("</", at) and text[at - 1] != ">"]
    at = data.draw(st.sampled_from(ends))
    pieces = data.draw(st.lists(st.sampled_from(PIECES) | st.characters(), max_size=8))
    agrees(kind, (text[:at] + "".join(pieces) + text[at:]).encode(errors="surrogatepass"))


@ALL_KINDS
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_elements_left_out_doubled_or_moved(kind: Kind, data: st.DataObject) -> None:
    root = etree.fromstring(document(kind))
    elements = list(root.iter())[1:]
    element = data.draw(st.sampled_from(elements))
    parent = element.getparent()
    assert parent is not None
    match data.draw(st.sampled_from(["leave out", "double", "move"])):
        case "leave out":
            parent.remove(element)
        case "double":
            element.addnext(etree.fromstring(etree.tostring(element)))
        case _:
            parent.insert(data.draw(st.integers(0, len(parent))), element)
    agrees(kind, etree.tostring(root, method="c14n", exclusive=True))


@ALL_KINDS
@settings(deadline=None, max_examples=30)
@given(place=st.integers(0), byte=st.integers(0, 255))
def test_a_changed_byte(kind: Kind, place: int, byte: int) -> None:
    data = bytearray(document(kind).encode())
    data[place % len(data)] = byte
    agrees(kind, bytes(data))
