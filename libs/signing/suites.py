"""The table of signature suites. One row is everything a suite needs; SM2-SM3 would be one more.

What a row says covers the messages and the certificates: names on the wire, digest, signing,
verifying, reading the key of a certificate (`cryptography` refuses SM2 keys, so such a row brings
its own reading) and checking what an authority signed.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

_SHA256 = hashes.SHA256()
_ECDSA = ec.ECDSA(_SHA256)
_PKCS1 = padding.PKCS1v15()
_P256_BYTES = 32
RSA_BITS_MIN = 2048
RSA_BITS_MAX = 8192  # verifying with a longer key costs an attacker nothing and us much

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
Issuance = x509.Certificate | x509.CertificateRevocationList


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _sign_p256(key: object, data: bytes) -> bytes:
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - `suite_of` chose the suite
    r, s = decode_dss_signature(key.sign(data, _ECDSA))
    return r.to_bytes(_P256_BYTES, "big") + s.to_bytes(_P256_BYTES, "big")


def _verify_p256(key: object, signature: bytes, data: bytes) -> bool:
    if not isinstance(key, ec.EllipticCurvePublicKey) or len(signature) != 2 * _P256_BYTES:
        return False
    r = int.from_bytes(signature[:_P256_BYTES], "big")
    s = int.from_bytes(signature[_P256_BYTES:], "big")
    try:
        key.verify(encode_dss_signature(r, s), data, _ECDSA)
    except InvalidSignature:
        return False
    return True


def _sign_rsa(key: object, data: bytes) -> bytes:
    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 - `suite_of` chose the suite
    return key.sign(data, _PKCS1, _SHA256)


def _verify_rsa(key: object, signature: bytes, data: bytes) -> bool:
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature, data, _PKCS1, _SHA256)
    except InvalidSignature:
        return False
    return True


def _is_p256(key: object) -> bool:
    return isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey) and isinstance(
        key.curve, ec.SECP256R1
    )


def _is_rsa(key: object) -> bool:
    return (
        isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey)
        and RSA_BITS_MIN <= key.key_size <= RSA_BITS_MAX
    )


def _key_of(certificate: x509.Certificate) -> object:
    try:
        return certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None


def _vouches(authority: x509.Certificate, issued: Issuance) -> bool:
    """Any algorithm of `cryptography`: authorities may have larger keys than we sign with."""
    try:
        if isinstance(issued, x509.Certificate):
            issued.verify_directly_issued_by(authority)
            return True
        key = authority.public_key()
        return isinstance(key, PublicKey) and issued.is_signature_valid(key)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False


@dataclass(frozen=True, slots=True)
class Suite:
    """One row. ECDSA signatures are r and s, 32 bytes each, on the wire and in `sign`."""

    name: str
    xml_signature: str  # XMLDSig SignatureMethod
    xml_digest: str  # XMLDSig DigestMethod
    jws: str  # JWS alg
    digest: Callable[[bytes], bytes]
    takes: Callable[[object], bool]  # is this key (public or private) of the suite?
    sign: Callable[[object, bytes], bytes]  # key, data -> signature
    verify: Callable[[object, bytes, bytes], bool]  # key, signature, data -> fits?
    key_of: Callable[[x509.Certificate], object] = _key_of  # None: not a key we can read
    vouches: Callable[[x509.Certificate, Issuance], bool] = _vouches


_XML_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"

SUITES: tuple[Suite, ...] = (
    Suite(
        "ecdsa-p256-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
        _XML_SHA256,
        "ES256",
        _sha256,
        _is_p256,
        _sign_p256,
        _verify_p256,
    ),
    Suite(
        "rsa-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        _XML_SHA256,
        "RS256",
        _sha256,
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
    raise ValueError(f"the key must be EC P-256 or RSA of {RSA_BITS_MIN} to {RSA_BITS_MAX} bits")


def key_of(certificate: x509.Certificate) -> object:
    """The public key of a certificate. Raises ValueError for a key that no suite takes."""
    for suite in SUITES:
        key = suite.key_of(certificate)
        if suite.takes(key):
            return key
    raise ValueError(
        f"the certificate's key must be EC P-256 or RSA of {RSA_BITS_MIN} to {RSA_BITS_MAX} bits"
    )


def vouches(authority: x509.Certificate, issued: Issuance) -> bool:
    """Whether the authority's key signed a certificate or a revocation list."""
    return any(check(authority, issued) for check in {suite.vouches for suite in SUITES})
