"""The suites whose keys and signatures are `cryptography`'s: ECDSA with P-256, and RSA."""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.x509.oid import SignatureAlgorithmOID

from libs.signing.suite import Suite

_SHA256 = hashes.SHA256()
_ECDSA = ec.ECDSA(_SHA256)
_PKCS1 = padding.PKCS1v15()
_P256_BYTES = 32
RSA_BITS_MIN = 2048
RSA_BITS_MAX = 8192  # verifying with a longer key costs an attacker nothing and us much
_XML_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _is_p256(key: object) -> bool:
    return isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey) and isinstance(
        key.curve, ec.SECP256R1
    )


def _sign_p256(key: object, data: bytes) -> bytes:
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - `suite_of` chose the suite
    return _unwrapped(key.sign(data, _ECDSA))


def _verify_p256(key: object, signature: bytes, data: bytes) -> bool:
    if not isinstance(key, ec.EllipticCurvePublicKey) or len(signature) != 2 * _P256_BYTES:
        return False
    try:
        key.verify(_wrapped(signature), data, _ECDSA)
    except InvalidSignature:
        return False
    return True


def _wrapped(signature: bytes) -> bytes:
    r = int.from_bytes(signature[:_P256_BYTES], "big")
    return encode_dss_signature(r, int.from_bytes(signature[_P256_BYTES:], "big"))


def _unwrapped(signature: bytes) -> bytes:
    r, s = decode_dss_signature(signature)
    try:
        return r.to_bytes(_P256_BYTES, "big") + s.to_bytes(_P256_BYTES, "big")
    except OverflowError:  # negative, or longer than the curve
        raise ValueError("r or s is out of range") from None


def _is_rsa(key: object) -> bool:
    return (
        isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey)
        and RSA_BITS_MIN <= key.key_size <= RSA_BITS_MAX
    )


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


P256 = Suite(
    "ecdsa-p256-sha256",
    "EC P-256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    _XML_SHA256,
    "ES256",
    bytes.fromhex("300a06082a8648ce3d040302"),
    SignatureAlgorithmOID.ECDSA_WITH_SHA256,
    "SHA256",
    _sha256,
    _is_p256,
    _sign_p256,
    _verify_p256,
    wrapped=_wrapped,
    unwrapped=_unwrapped,
)
RSA = Suite(
    "rsa-sha256",
    f"RSA of {RSA_BITS_MIN} to {RSA_BITS_MAX} bits",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    _XML_SHA256,
    "RS256",
    bytes.fromhex("300d06092a864886f70d01010b0500"),
    SignatureAlgorithmOID.RSA_WITH_SHA256,
    "SHA256",
    _sha256,
    _is_rsa,
    _sign_rsa,
    _verify_rsa,
)
