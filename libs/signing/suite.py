"""What one signature suite is: a row of `suites.py`.

A row covers the messages, the certificates and the keys in files: names on the wire, digest,
signing, verifying, reading the key of a certificate, checking what an authority signed, and what
it takes to issue certificates. The defaults hold for every key that `cryptography` knows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from libs.signing.profile import OURS, Shape

Issuance = x509.Certificate | x509.CertificateRevocationList
_AuthorityKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


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
        return isinstance(key, _AuthorityKey) and issued.is_signature_valid(key)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False


def _read(pem: bytes, password: bytes | None) -> object:
    try:
        return load_pem_private_key(pem, password)
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from None


def _write(key: Any, password: bytes | None) -> bytes:
    encryption = NoEncryption() if password is None else BestAvailableEncryption(password)
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))


def _key_info(key: Any) -> bytes:
    public = key.public_key() if hasattr(key, "public_key") else key
    return bytes(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _as_it_is(signature: bytes) -> bytes:
    return signature


@dataclass(frozen=True, slots=True)
class Suite:
    """One row. ECDSA and SM2 signatures are r and s, 32 bytes each, on the wire and in `sign`.

    A key, private or public, is whatever the row makes of it; `takes` tells its own.
    """

    name: str
    keys: str  # which, in words
    xml_signature: str  # XMLDSig SignatureMethod
    xml_digest: str  # XMLDSig DigestMethod
    jws: str  # JWS alg
    algorithm: bytes  # AlgorithmIdentifier of its signatures in certificates, DER
    oid: x509.ObjectIdentifier  # that algorithm's
    digest_name: str  # as seals name it
    digest: Callable[[bytes], bytes]
    takes: Callable[[object], bool]  # is this key (public or private) of the suite?
    sign: Callable[[object, bytes], bytes]  # key, data -> signature
    verify: Callable[[object, bytes, bytes], bool]  # key, signature, data -> fits?
    key_of: Callable[[x509.Certificate], object] = _key_of  # None: not a key we can read
    vouches: Callable[[x509.Certificate, Issuance], bool] = _vouches
    read: Callable[[bytes, bytes | None], object] = _read  # PEM, password -> private key
    write: Callable[[object, bytes | None], bytes] = _write  # private key, password -> PEM
    key_info: Callable[[object], bytes] = _key_info  # of any key: SubjectPublicKeyInfo, DER
    shape: Shape = OURS  # of its signatures in XML
    wrapped: Callable[[bytes], bytes] = _as_it_is  # a signature as certificates hold it
    unwrapped: Callable[[bytes], bytes] = _as_it_is  # and back; raises ValueError
