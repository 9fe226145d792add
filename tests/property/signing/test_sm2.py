"""SM2 with any data: what is signed verifies, one flipped bit does not, nothing else happens."""

import base64
from contextlib import suppress
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.signing import pbes2, sm2_keys
from libs.signing.pki import Authority, Issued
from libs.signing.sm2 import ORDER, SIGNATURE_BYTES, PrivateKey, PublicKey
from libs.signing.suites import key_of, vouches
from tests.support.people import OPERATOR

PASSWORD = b"246802"
numbers = st.integers(1, ORDER - 2)
datas = st.binary(max_size=300)


@cache
def key() -> PrivateKey:
    return PrivateKey.generate()


@cache
def authority() -> Authority:
    return Authority.create(key=PrivateKey.generate())


@cache
def card() -> Issued:
    return authority().issue(OPERATOR, key=key())


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8 % len(data)] ^= 1 << bit % 8
    return bytes(changed)


@given(number=numbers, data=datas)
@settings(deadline=None, max_examples=100)
def test_what_is_signed_verifies(number: int, data: bytes) -> None:
    private = PrivateKey(number)
    signature = private.sign(data)
    assert len(signature) == SIGNATURE_BYTES
    assert private.public.verify(signature, data)
    assert not key().public.verify(signature, data)


@given(data=datas, bit=st.integers(0, SIGNATURE_BYTES * 8 - 1))
@settings(deadline=None, max_examples=100)
def test_a_flipped_bit_of_a_signature_is_seen(data: bytes, bit: int) -> None:
    assert not key().public.verify(flipped(key().sign(data), bit), data)


@given(data=st.binary(min_size=1, max_size=300), bit=st.integers(0, 2399))
@settings(deadline=None, max_examples=100)
def test_a_flipped_bit_of_the_data_is_seen(data: bytes, bit: int) -> None:
    assert not key().public.verify(key().sign(data), flipped(data, bit))


@given(signature=st.binary(min_size=60, max_size=68), data=datas)
@settings(deadline=None, max_examples=100)
def test_any_bytes_for_a_signature_are_judged(signature: bytes, data: bytes) -> None:
    assert not key().public.verify(signature, data)


@given(bit=st.integers(0, 65 * 8 - 1))
@settings(deadline=None, max_examples=100)
def test_a_flipped_bit_of_a_point_is_no_key(bit: int) -> None:
    with pytest.raises(ValueError, match="SM2"):
        PublicKey.from_point(flipped(key().public.point, bit))


@given(number=numbers)
@settings(deadline=None, max_examples=50)
def test_any_key_comes_back_from_its_file(number: int) -> None:
    private = PrivateKey(number)
    assert sm2_keys.read(sm2_keys.write(private, None), None) == private


@given(data=datas)
@settings(deadline=None, max_examples=20)
def test_anything_comes_back_from_its_encryption(data: bytes) -> None:
    assert pbes2.decrypted(pbes2.encrypted(data, PASSWORD), PASSWORD) == data


@given(place=st.integers(0, 400), byte=st.integers(0, 255))
@settings(deadline=None, max_examples=300)
def test_a_changed_key_file_is_read_or_refused(place: int, byte: int) -> None:
    data = bytearray(base64.b64decode(b"".join(sm2_keys.write(key(), None).splitlines()[1:-1])))
    data[place % len(data)] = byte
    text = base64.b64encode(bytes(data))
    pem = b"-----BEGIN PRIVATE KEY-----\n%b\n-----END PRIVATE KEY-----\n" % text
    with suppress(ValueError):
        assert sm2_keys.read(pem, None) == key()


@given(place=st.integers(0, 400), byte=st.integers(0, 255))
@settings(deadline=None, max_examples=100)
def test_a_changed_encryption_is_read_or_refused(place: int, byte: int) -> None:
    data = bytearray(pbes2.encrypted(b"secret", PASSWORD))
    data[place % len(data)] = byte
    with suppress(ValueError):
        pbes2.decrypted(bytes(data), PASSWORD)


@given(place=st.integers(0, 2_000), byte=st.integers(0, 255))
@settings(deadline=None, max_examples=300)
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_a_changed_certificate_is_not_vouched_for(place: int, byte: int) -> None:
    der = bytearray(card().certificate.public_bytes(Encoding.DER))
    before = der[place % len(der)]
    der[place % len(der)] = byte
    try:
        certificate = x509.load_der_x509_certificate(bytes(der))
    except (ValueError, x509.InvalidVersion):
        return
    assert vouches(authority().issued.certificate, certificate) is (byte == before)
    with suppress(ValueError):
        key_of(certificate)
