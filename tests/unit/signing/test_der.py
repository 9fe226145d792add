"""The reader of DER: what is not written the one right way is refused, and nothing else happens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.signing import der


def test_parts_are_told_whole() -> None:
    assert der.parts(bytes.fromhex("3006020101040141")) == [b"\x02\x01\x01", b"\x04\x01A"]
    assert der.parts(b"\x30\x00") == []


BAD = {
    "nothing": "",
    "a tag alone": "30",
    "cut off": "30050201",
    "more behind": "300000",
    "another tag": "3100",
    "an indefinite length": "30800000",
    "a length too long": "308100",
    "a length of zeros": "30820003020101",
    "a length of lengths cut off": "3082",
    "a long tag inside": "30031f0100",
    "cut off inside": "3003020200",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_what_is_not_der_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="DER"):
        der.parts(bytes.fromhex(text))


@pytest.mark.parametrize("text", ["0200", "020180", "02020001", "0202ff80", "0401ff"])
def test_numbers_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="DER"):
        der.number(bytes.fromhex(text))


@pytest.mark.parametrize("text", ["0300", "03020141", "04020041"])
def test_bits_that_are_no_bytes_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="DER"):
        der.bits(bytes.fromhex(text))


@given(number=st.integers(0, 1 << 300))
def test_numbers_come_back(number: int) -> None:
    assert der.number(der.encoded_number(number)) == number


@given(inside=st.lists(st.binary(max_size=300), max_size=5))
def test_parts_come_back(inside: list[bytes]) -> None:
    values = [der.encoded(der.OCTET_STRING, each) for each in inside]
    assert der.parts(der.encoded(der.SEQUENCE, *values)) == values
    assert [der.content(value, der.OCTET_STRING) for value in values] == inside


@given(data=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for read in (der.parts, der.number, der.bits):
        try:
            read(data)
        except ValueError:
            continue
