"""A signed document is taken apart by a pattern or as a tree: both find the same parts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from libs.messages.errors import Malformed
from libs.signing import xmldsig
from libs.signing.profile import Profile
from tests.property.signing.test_flips import PIECES, signed

HEX = b"0123456789abcdef+/=& \n"


def agree(data: bytes) -> None:
    """What the pattern takes, the tree takes too: the same parts, the same canonical form."""
    try:
        quick = xmldsig._canonical_parts(data)
    except (Profile, Malformed) as error:
        with pytest.raises(type(error)):
            xmldsig._parsed_parts(data)
        return
    if quick is None:
        return
    slow = xmldsig._parsed_parts(data)
    assert slow is not None
    assert not isinstance(slow.content, bytes)
    assert etree.tostring(slow.content, method="c14n", exclusive=True) == quick.content
    assert xmldsig.document_digest(slow) == xmldsig.document_digest(quick)
    for name in ("suite", "signed_info", "digest", "signature", "certificate"):
        assert getattr(slow, name) == getattr(quick, name)


@pytest.mark.parametrize("rsa", [False, True])
def test_what_we_sign_is_taken_apart_by_the_pattern(rsa: bool) -> None:
    assert xmldsig._canonical_parts(signed(rsa=rsa)) is not None
    agree(signed(rsa=rsa))


@given(place=st.integers(0), byte=st.integers(0, 255) | st.sampled_from(HEX))
@settings(deadline=None, max_examples=500)
def test_a_changed_byte(place: int, byte: int) -> None:
    changed = bytearray(signed())
    changed[place % len(changed)] = byte
    agree(bytes(changed))


@given(place=st.integers(0), length=st.integers(0, 400), piece=st.sampled_from(PIECES))
@settings(deadline=None, max_examples=500)
def test_a_piece_put_in_or_cut_out(place: int, length: int, piece: bytes) -> None:
    data = signed()
    place %= len(data)
    agree(data[:place] + piece + data[place + length :])
