"""A PIV card: its signing certificate, its PIN, its signatures (SP 800-73-4 part 2).

The digital signature key (9C) signs everything here; a card asks for the PIN before each use of it.
"""

import zlib
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from card_signer.card import key_of_certificate, suite_of_certificate
from card_signer.pin import Pin
from card_signer.piv import tlv
from card_signer.piv.apdu import NOT_FOUND, OK, PIN_BLOCKED, Answer, Channel
from card_signer.pkcs1 import padded
from card_signer.troubles import Trouble
from libs.signing.suites import Suite

AID = bytes.fromhex("A000000308000010000100")
_CERTIFICATE_9C = 0x5FC10A
_KEY_9C = 0x9C
_PIN = 0x80
_PIN_DIGITS_MIN, _PIN_DIGITS_MAX = 6, 8  # SP 800-73-4, 2.4.3
_SELECT, _VERIFY, _CHANGE, _AUTHENTICATE, _GET_DATA = 0xA4, 0x20, 0x24, 0x87, 0xCB
_TRIES = 0x63C0
_TRIES_MASK = 0xFFF0
_COMPRESSED = 1
_CERTIFICATE_BYTES_MAX = 16 * 1024
_P256, _RSA_2048 = 0x11, 0x07
_RSA_BITS = 2048
_P256_BYTES = 32


class PivCard:
    """An open card; `channel` is its own for as long."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        answer = channel.send(_SELECT, 4, 0, AID)
        if not answer.is_ok:
            raise Trouble("NOT_OUR_CARD", what="PIV")

    @cached_property
    def certificate(self) -> bytes:
        """The certificate of the signing key, DER."""
        answer = self._channel.send(
            _GET_DATA, 0x3F, 0xFF, tlv.encode(0x5C, _CERTIFICATE_9C.to_bytes(3, "big"))
        )
        if answer.status == NOT_FOUND:
            raise Trouble("NOT_OUR_CARD", what="9C")
        found = tlv.decode(tlv.inner(answer.expect("GET DATA"), 0x53))
        if not (data := found.get(0x70)):
            raise Trouble("NOT_OUR_CARD", what="9C")
        if found.get(0x71, b"\0")[:1] == bytes([_COMPRESSED]):
            data = _unpacked(data)
        return data

    @cached_property
    def suite(self) -> Suite:
        """The suite of its key."""
        return suite_of_certificate(self.certificate)

    def tries_left(self) -> int | None:
        """Asked without a PIN, a card says how many tries are left (or that none is needed now)."""
        answer = self._channel.send(_VERIFY, 0, _PIN, le=False)
        if answer.status == PIN_BLOCKED:
            return 0
        if answer.status & _TRIES_MASK == _TRIES:
            return answer.status & 0xF
        if answer.status == OK:
            return None
        raise Trouble("GARBLED", what=f"VERIFY: {answer.status:04X}")

    def verify_pin(self, pin: Pin) -> None:
        """Raises Trouble PIN_WRONG, PIN_LOCKED."""
        _judge(self._channel.send(_VERIFY, 0, _PIN, _padded(pin), le=False))

    def change_pin(self, old: Pin, new: Pin) -> None:
        """Raises Trouble PIN_WRONG, PIN_LOCKED."""
        _judge(self._channel.send(_CHANGE, 0, _PIN, _padded(old) + _padded(new), le=False))

    def sign(self, data: bytes, pin: Pin) -> bytes:
        """The suite's signature over `data`; the PIN is shown to the card first."""
        key = key_of_certificate(self.certificate)
        algorithm, challenge = _challenge(key, self.suite.digest(data))
        self.verify_pin(pin)
        request = tlv.encode(0x7C, tlv.encode(0x82) + tlv.encode(0x81, challenge))
        answer = self._channel.send(_AUTHENTICATE, algorithm, _KEY_9C, request)
        body = tlv.inner(answer.expect("GENERAL AUTHENTICATE"), 0x7C)
        return _signature(algorithm, tlv.inner(body, 0x82))


def _padded(pin: Pin) -> bytes:
    return pin.digits(_PIN_DIGITS_MIN, _PIN_DIGITS_MAX).ljust(_PIN_DIGITS_MAX, b"\xff")


def _judge(answer: Answer) -> None:
    if answer.is_ok:
        return
    if answer.status in {PIN_BLOCKED, _TRIES}:
        raise Trouble("PIN_LOCKED")
    if answer.status & _TRIES_MASK == _TRIES:
        raise Trouble("PIN_WRONG", left=answer.status & 0xF)
    raise Trouble("GARBLED", what=f"PIN: {answer.status:04X}")


def _challenge(key: object, digest: bytes) -> tuple[int, bytes]:
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _P256, digest
    if isinstance(key, rsa.RSAPublicKey) and key.key_size == _RSA_BITS:
        return _RSA_2048, padded(digest, _RSA_BITS // 8)
    raise Trouble("NOT_OUR_CARD", what="P-256, RSA 2048")


def _signature(algorithm: int, told: bytes) -> bytes:
    if algorithm == _RSA_2048:
        if len(told) != _RSA_BITS // 8:
            raise Trouble("GARBLED", what=f"RSA: {len(told)} bytes")
        return told
    try:
        r, s = decode_dss_signature(told)
        return r.to_bytes(_P256_BYTES, "big") + s.to_bytes(_P256_BYTES, "big")
    except (ValueError, OverflowError):
        raise Trouble("GARBLED", what="ECDSA") from None


def _unpacked(data: bytes) -> bytes:
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        found = unpacking.decompress(data, _CERTIFICATE_BYTES_MAX)
    except zlib.error:
        raise Trouble("GARBLED", what="gzip") from None
    if not unpacking.eof:
        raise Trouble("GARBLED", what=f"gzip: cut off, or more than {_CERTIFICATE_BYTES_MAX} bytes")
    return found
