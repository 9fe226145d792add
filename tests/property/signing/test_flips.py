"""No single changed byte of a signed document verifies with other content."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from libs.messages.partners import XML
from libs.signing import TrustStore, sign_xml, verify
from tests.support.people import People, a_document, now


@cache
def world() -> tuple[TrustStore, bytes, bytes]:
    people = People(Path(mkdtemp()))
    signed = sign_xml(a_document(), people.operator.signer)
    content = verify(signed, XML, None, people.trust, now()).content
    assert isinstance(content, etree._Element)
    return people.trust, signed, etree.tostring(content, method="c14n", exclusive=True)


@given(place=st.integers(0, 10_000), byte=st.integers(0, 255))
@settings(deadline=None, max_examples=400)
def test_a_changed_byte_is_seen_or_changes_nothing(place: int, byte: int) -> None:
    trust, signed, content = world()
    changed = bytearray(signed)
    changed[place % len(signed)] = byte
    verified = verify(bytes(changed), XML, None, trust, now())
    if verified.verdict.intact:
        assert isinstance(verified.content, etree._Element)
        assert etree.tostring(verified.content, method="c14n", exclusive=True) == content


@given(data=st.binary(max_size=400), detached=st.none() | st.text(max_size=100))
@settings(deadline=None, max_examples=300)
def test_any_bytes_give_a_verdict(data: bytes, detached: str | None) -> None:
    assert not verify(data, XML, detached, world()[0], now()).verdict.intact
