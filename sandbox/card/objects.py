"""What a PIV card holds for everybody to read (SP 800-73-4 part 1), by the tag it is asked by.

Of the objects of a fresh card that signs and does nothing else: who it is (CHUID), what it can do
(capabilities, discovery) and the certificate of its signature key. There is no key history, no
other certificate, nothing printed and no picture, as there is none on many cards in use.
"""

import uuid
from collections.abc import Mapping
from functools import reduce
from operator import xor

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

AID = bytes.fromhex("A000000308000010000100")
# speaks T=0 and T=1; its historical bytes say which application it is (ISO 7816-4, 8.1.1)
_HISTORY = b"\x80\xfb" + AID
_ATR = bytes([0x80 | len(_HISTORY), 0x80, 0x01]) + _HISTORY
ATR = b"\x3b" + _ATR + bytes([reduce(xor, _ATR)])
_LONG_FORM, _BYTE = 0x80, 0xFF  # lengths of TLV objects
# the number of cards whose issuer is no agency (agency 9999, system 9999, credential 999999)
_FASC_N = bytes.fromhex("D4E739DA739CED39CE739D836858210842108421C84210C3EB")
_GUID_BYTES = 16
_CARD_PIN_ONLY = b"\x40\x00"


def tlv(tag: str, value: bytes) -> bytes:
    """One BER-TLV object; the tag in hexadecimal."""
    size = len(value)
    if size < _LONG_FORM:  # the short form
        head = bytes([size])
    elif size <= _BYTE:
        head = bytes([0x81, size])
    else:
        head = b"\x82" + size.to_bytes(2, "big")
    return bytes.fromhex(tag) + head + value


def objects(certificate: x509.Certificate) -> Mapping[str, bytes]:
    """Every object that there is, by its tag in hexadecimal."""
    der = certificate.public_bytes(Encoding.DER)
    return {
        "7E": tlv("7E", tlv("4F", AID) + tlv("5F2F", _CARD_PIN_ONLY)),
        "5FC102": tlv("53", _chuid(certificate)),
        "5FC107": tlv("53", _capabilities(certificate)),
        "5FC10A": tlv("53", tlv("70", der) + tlv("71", b"\0") + tlv("FE", b"")),
    }


def _chuid(certificate: x509.Certificate) -> bytes:
    guid = uuid.UUID(bytes=_number(certificate)[:_GUID_BYTES], version=4)
    expires = certificate.not_valid_after_utc.strftime("%Y%m%d").encode()
    return b"".join(
        (
            tlv("30", _FASC_N),
            tlv("34", guid.bytes),
            tlv("35", expires),
            tlv("3E", b""),
            tlv("FE", b""),
        )
    )


def _capabilities(certificate: x509.Certificate) -> bytes:
    identifier = bytes.fromhex("A000000116FF02") + _number(certificate)[_GUID_BYTES:][:14]
    told = {"F0": identifier, "F1": b"\x21", "F2": b"\x21", "F4": b"\0", "F5": b"\x10"}
    tags = ("F0", "F1", "F2", "F3", "F4", "F5", "F6", "F7", "FA", "FB", "FC", "FD", "FE")
    return b"".join(tlv(tag, told.get(tag, b"")) for tag in tags)


def _number(certificate: x509.Certificate) -> bytes:
    """What makes this card another one than the next."""
    return certificate.fingerprint(hashes.SHA256())
