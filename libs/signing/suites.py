"""The table of signature suites. One row is everything a suite needs; SM2-SM3 would be one more."""

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

_SHA256 = hashes.SHA256()
_P256_BYTES = 32
RSA_BITS_MIN = 2048

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


def _sign_p256(key: object, data: bytes) -> bytes:
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - `suite_of` chose the suite
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(_SHA256)))
    return r.to_bytes(_P256_BYTES, "big") + s.to_bytes(_P256_BYTES, "big")


def _verify_p256(key: object, signature: bytes, data: bytes) -> bool:
    if not isinstance(key, ec.EllipticCurvePublicKey) or len(signature) != 2 * _P256_BYTES:
        return False
    r = int.from_bytes(signature[:_P256_BYTES], "big")
    s = int.from_bytes(signature[_P256_BYTES:], "big")
    try:
        key.verify(encode_dss_signature(r, s), data, ec.ECDSA(_SHA256))
    except InvalidSignature:
        return False
    return True


def _sign_rsa(key: object, data: bytes) -> bytes:
    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 - `suite_of` chose the suite
    return key.sign(data, padding.PKCS1v15(), _SHA256)


def _verify_rsa(key: object, signature: bytes, data: bytes) -> bool:
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature, data, padding.PKCS1v15(), _SHA256)
    except InvalidSignature:
        return False
    return True


def _is_p256(key: object) -> bool:
    return isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey) and isinstance(
        key.curve, ec.SECP256R1
    )


def _is_rsa(key: object) -> bool:
    return isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey) and key.key_size >= RSA_BITS_MIN


@dataclass(frozen=True, slots=True)
class Suite:
    """One row: names on the wire, which keys it takes, how to sign and verify."""

    name: str
    xml_signature: str  # XMLDSig SignatureMethod
    xml_digest: str  # XMLDSig DigestMethod
    jws: str  # JWS alg
    digest: Callable[[], hashes.HashAlgorithm]
    takes: Callable[[object], bool]
    sign: Callable[[object, bytes], bytes]
    verify: Callable[[object, bytes, bytes], bool]


_XML_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"

SUITES: tuple[Suite, ...] = (
    Suite(
        "ecdsa-p256-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
        _XML_SHA256,
        "ES256",
        hashes.SHA256,
        _is_p256,
        _sign_p256,
        _verify_p256,
    ),
    Suite(
        "rsa-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        _XML_SHA256,
        "RS256",
        hashes.SHA256,
        _is_rsa,
        _sign_rsa,
        _verify_rsa,
    ),
)
BY_XML = {suite.xml_signature: suite for suite in SUITES}
BY_JWS = {suite.jws: suite for suite in SUITES}


def suite_of(key: object) -> Suite:
    """The suite that a key is for. Raises ValueError for a key that no suite takes."""
    for suite in SUITES:
        if suite.takes(key):
            return suite
    raise ValueError("key: must be EC P-256 or RSA of at least 2048 bits")
