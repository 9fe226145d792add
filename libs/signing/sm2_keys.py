"""SM2 private keys in PEM: PKCS#8 (RFC 5958, inside RFC 5915), plain or encrypted (PBES2)."""

import base64
import binascii
import re

from libs.signing import der, pbes2
from libs.signing.sm2 import BYTES, PrivateKey
from libs.signing.sm2_x509 import KEY_ALGORITHM

_PLAIN, _ENCRYPTED = b"PRIVATE KEY", b"ENCRYPTED PRIVATE KEY"
_BLOCK = re.compile(
    rb"-----BEGIN ((?:ENCRYPTED )?PRIVATE KEY)-----\s([A-Za-z0-9+/=\s]*)-----END \1-----"
)
_LINE_CHARACTERS = 64
_VERSION_8 = der.encoded_number(0)
_VERSION_EC = der.encoded_number(1)


def read(pem: bytes, password: bytes | None) -> PrivateKey:
    """The first private key of a PEM file.

    Raises ValueError for anything but an SM2 key, and for a wrong password; TypeError for a
    password too few or too many.
    """
    block = _BLOCK.search(pem)
    if block is None:
        raise ValueError("no private key (PKCS#8) in PEM form")
    try:
        data = binascii.a2b_base64(b"".join(block[2].split()), strict_mode=True)
    except binascii.Error as error:
        raise ValueError(f"the private key is not base64: {error}") from None
    if block[1] == _PLAIN:
        if password is not None:
            raise TypeError("Password was given but private key is not encrypted")
        return _key(data)
    if password is None:
        raise TypeError("Password was not given but private key is encrypted")
    return _key(pbes2.decrypted(data, password))


def write(key: PrivateKey, password: bytes | None) -> bytes:
    """A key in PEM, encrypted when there is a password."""
    secret = der.encoded(der.OCTET_STRING, key.number.to_bytes(BYTES, "big"))
    public = der.encoded(der.CONTEXT_1, der.encoded_bits(key.public.point))
    inside = der.encoded(der.SEQUENCE, _VERSION_EC, secret, public)
    data = der.encoded(
        der.SEQUENCE, _VERSION_8, KEY_ALGORITHM, der.encoded(der.OCTET_STRING, inside)
    )
    if password is None:
        return _pem(_PLAIN, data)
    return _pem(_ENCRYPTED, pbes2.encrypted(data, password))


def _key(data: bytes) -> PrivateKey:
    version, algorithm, inside, *_ = [*der.parts(data), b"", b"", b""]
    if version != _VERSION_8 or algorithm != KEY_ALGORITHM:
        raise ValueError("not an SM2 key in PKCS#8")
    version, secret, *more = [*der.parts(der.content(inside, der.OCTET_STRING)), b"", b""]
    number = der.content(secret, der.OCTET_STRING)
    if version != _VERSION_EC or len(number) != BYTES:
        raise ValueError("not an SM2 key as RFC 5915 has it")
    key = PrivateKey(int.from_bytes(number, "big"))
    for told in more:
        if told[:1] == bytes([der.CONTEXT_1]):
            (public,) = der.parts(told, der.CONTEXT_1)
            if der.bits(public) != key.public.point:
                raise ValueError("private and public key do not belong together")
    return key


def _pem(label: bytes, data: bytes) -> bytes:
    text = base64.b64encode(data)
    lines = (text[at : at + _LINE_CHARACTERS] for at in range(0, len(text), _LINE_CHARACTERS))
    return b"-----BEGIN %b-----\n%b\n-----END %b-----\n" % (label, b"\n".join(lines), label)
