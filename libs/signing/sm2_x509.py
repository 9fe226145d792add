"""SM2 in certificates and revocation lists (GM/T 0015, GB/T 35275): keys, and who signed what.

`cryptography` reads everything of such a certificate but its key.
"""

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding

from libs.signing import der
from libs.signing.sm2 import BYTES, ORDER, PublicKey

_EC_KEY = bytes.fromhex("06072a8648ce3d0201")  # 1.2.840.10045.2.1
_SM2_CURVE = bytes.fromhex("06082a811ccf5501822d")  # 1.2.156.10197.1.301
_SM2_WITH_SM3 = bytes.fromhex("06082a811ccf55018375")  # 1.2.156.10197.1.501
SIGNATURE_OID = x509.ObjectIdentifier("1.2.156.10197.1.501")
KEY_ALGORITHM = der.encoded(der.SEQUENCE, _EC_KEY, _SM2_CURVE)
SIGNATURE_ALGORITHM = der.encoded(der.SEQUENCE, _SM2_WITH_SM3)
# real cards' authority writes the parameters, as NULL
_SIGNATURE_ALGORITHMS = {
    SIGNATURE_ALGORITHM,
    der.encoded(der.SEQUENCE, _SM2_WITH_SM3, der.encoded(der.NULL)),
}
_KEY_AT = 5  # serial, algorithm, issuer, validity, subject, key


def key_of(certificate: x509.Certificate) -> PublicKey | None:
    """The SM2 key of a certificate; None when its key is of another kind, or no key at all."""
    try:
        fields = der.parts(certificate.tbs_certificate_bytes)
        has_version = fields[0][0] == der.CONTEXT_0
        return public_key(fields[_KEY_AT + has_version])
    except (ValueError, IndexError):
        return None


def public_key(info: bytes) -> PublicKey:
    """The key of a SubjectPublicKeyInfo. Raises ValueError."""
    algorithm, point = der.parts(info)
    if algorithm != KEY_ALGORITHM:
        raise ValueError("not an SM2 key")
    return PublicKey.from_point(der.bits(point))


def key_info(key: PublicKey) -> bytes:
    """The SubjectPublicKeyInfo of a key, DER."""
    return der.encoded(der.SEQUENCE, KEY_ALGORITHM, der.encoded_bits(key.point))


def vouches(
    authority: x509.Certificate, issued: x509.Certificate | x509.CertificateRevocationList
) -> bool:
    """Whether the authority's SM2 key signed a certificate or a revocation list."""
    if issued.signature_algorithm_oid != SIGNATURE_OID or (key := key_of(authority)) is None:
        return False
    try:
        content, algorithm, signature = der.parts(issued.public_bytes(Encoding.DER))
        return (
            issued.issuer == authority.subject
            and algorithm in _SIGNATURE_ALGORITHMS
            and algorithm == _algorithm_inside(content)
            and key.verify(raw(der.bits(signature)), content)
        )
    except ValueError:
        return False


def raw(signature: bytes) -> bytes:
    """r ‖ s of a signature as certificates hold it. Raises ValueError."""
    r, s = decode_dss_signature(signature)
    if not (0 < r < ORDER and 0 < s < ORDER):
        raise ValueError("r or s is out of range")
    return r.to_bytes(BYTES, "big") + s.to_bytes(BYTES, "big")


def wrapped(signature: bytes) -> bytes:
    """A signature of r ‖ s as certificates hold it."""
    return encode_dss_signature(
        int.from_bytes(signature[:BYTES], "big"), int.from_bytes(signature[BYTES:], "big")
    )


def _algorithm_inside(content: bytes) -> bytes:
    """What a signed content says it is signed with: the first SEQUENCE in it."""
    return next((field for field in der.parts(content) if field[0] == der.SEQUENCE), b"")
