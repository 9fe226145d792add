"""No changed byte of a signed document verifies with other content, and nothing makes it raise."""

import base64
from functools import cache
from html import escape
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from libs.messages.examples import messages
from libs.messages.partners import JSON, XML
from libs.messages.registry import kind_of
from libs.signing import TrustStore, Verified, sign_canonical, sign_jws, sign_xml, verify
from tests.support.people import OPERATOR, People, a_document, now
from tests.unit.signing.changes import tree

PAYLOAD = b'{"a": 1}'
PRINTABLE = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
# what an attacker would try to put somewhere
PIECES = [
    b"",
    b"<!-- -->",
    b"<![CDATA[",
    b"]]>",
    b"</a>",
    b"<a>",
    b"<a/>",
    b"&#13;",
    b"&#0;",
    b"&lt;",
    b' xmlns="urn:x"',
    b' xmlns:q="relative"',
    b' xmlns:ds="urn:x"',
    b"<?pi?>",
    b"<!DOCTYPE a>",
    b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>',
    b"</ds:Signature>",
    b"\xe2\x80\xa8",
    b"\xff",
]


@cache
def people() -> People:
    return People(Path(mkdtemp()))


@cache
def trust() -> TrustStore:
    return people().trust


@cache
def signed(*, rsa: bool = False) -> bytes:
    card = people().authority.issue(OPERATOR, rsa_bits=2048) if rsa else people().operator
    return sign_xml(a_document(), card.signer)


@cache
def jws() -> str:
    return sign_jws(PAYLOAD, people().operator.signer)


@cache
def original() -> bytes:
    return canonical(verified(signed()))


def verified(data: bytes) -> Verified:
    return verify(data, XML, None, trust(), now())


def canonical(found: Verified) -> bytes:
    return etree.tostring(tree(found), method="c14n", exclusive=True)


def seen_or_harmless(data: bytes) -> None:
    found = verified(data)
    if found.verdict.intact:
        assert canonical(found) == original()
    else:
        assert found.content is None


@given(place=st.integers(0, 10_000), byte=st.integers(0, 255), rsa=st.booleans())
@settings(deadline=None, max_examples=500)
def test_a_changed_byte_is_seen_or_changes_nothing(place: int, byte: int, rsa: bool) -> None:
    changed = bytearray(signed(rsa=rsa))
    changed[place % len(changed)] = byte
    seen_or_harmless(bytes(changed))


@given(place=st.integers(0, 10_000), length=st.integers(0, 400), piece=st.sampled_from(PIECES))
@settings(deadline=None, max_examples=500)
def test_a_piece_put_in_or_cut_out_is_seen_or_changes_nothing(
    place: int, length: int, piece: bytes
) -> None:
    data = signed()
    place %= len(data)
    seen_or_harmless(data[:place] + piece + data[place + length :])
    seen_or_harmless(data[:place] + piece + data[place:])


@given(places=st.lists(st.integers(0, 10_000), min_size=2, max_size=2), data=st.data())
@settings(deadline=None, max_examples=200)
def test_parts_that_change_places_are_seen(places: list[int], data: st.DataObject) -> None:
    root = etree.fromstring(signed())
    elements = list(root.iter())
    first, second = (elements[place % len(elements)] for place in places)
    if first is not second and first not in second.iterancestors() and first is not root:
        second.insert(data.draw(st.integers(0, len(second))), first)
    seen_or_harmless(etree.tostring(root))


@given(place=st.integers(0, 3_000), byte=st.integers(0, 255))
@settings(deadline=None, max_examples=300)
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_a_changed_certificate_is_never_trusted(place: int, byte: int) -> None:
    der = people().operator.signer.certificate
    changed = bytearray(der)
    changed[place % len(der)] = byte
    data = signed().replace(base64.b64encode(der), base64.b64encode(bytes(changed)))
    assert verified(data).verdict.trusted is (bytes(changed) == der)


@given(place=st.integers(0, 10_000), character=st.characters())
@settings(deadline=None, max_examples=300)
def test_a_changed_jws_is_never_intact(place: int, character: str) -> None:
    text = jws()
    place %= len(text)
    changed = text[:place] + character + text[place + 1 :]
    found = verify(PAYLOAD, JSON, changed, trust(), now())
    assert found.verdict.intact is (changed == text)


@given(data=st.binary(max_size=400), detached=st.none() | st.text(max_size=100))
@settings(deadline=None, max_examples=300)
def test_any_bytes_give_a_verdict(data: bytes, detached: str | None) -> None:
    assert not verify(data, XML, detached, trust(), now()).verdict.intact


@given(text=st.text(PRINTABLE, max_size=200))
@settings(deadline=None, max_examples=200)
def test_any_text_is_signed_and_comes_back(text: str) -> None:
    element = etree.Element("a")
    element.text = text
    found = verified(sign_xml(etree.tostring(element, encoding="UTF-8"), people().operator.signer))
    assert found.verdict.reason == "OK"
    assert isinstance(found.content, etree._Element)
    assert (found.content.text or "") == text


def test_what_the_codec_writes_is_canonical() -> None:
    """`sign_canonical` relies on it."""
    for message in messages():
        data = kind_of(type(message)).codec.encode(message, XML)
        found = verified(sign_canonical(data, people().operator.signer))
        assert found.verdict.reason == "OK", message


@given(text=st.text(st.sampled_from("\t\n\r\x85\u2028<>&'\"]中😀") | PRINTABLE, min_size=1))
@settings(deadline=None, max_examples=200)
def test_an_escaped_text_is_canonical(text: str) -> None:
    """The codec escapes as `escape` does."""
    document = a_document().decode().replace(">10<", f">{escape(text, quote=False)}<", 1)
    found = verified(sign_canonical(document.encode(), people().operator.signer))
    assert found.verdict.reason == "OK"
