"""Certificates and revocation lists signed with a key of any suite.

`cryptography` builds both, but neither with SM2 keys nor with SM2 signatures. So it signs with a
stand-in's key, and then key, algorithm and signature are put in as the suites' rows have them.
"""

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from libs.signing import der
from libs.signing.suites import suite_of

_SHA256 = hashes.SHA256()
_ALGORITHM_AT, _KEY_AT = 2, 6  # in a certificate: version, serial, algorithm, ..., key
_LIST_ALGORITHM_AT = 1  # in a list: version, algorithm


def certify(builder: x509.CertificateBuilder, key: object, issuer_key: object) -> x509.Certificate:
    """The certificate of `key` (public or private) that a builder without a key describes."""
    stand_in = ec.generate_private_key(ec.SECP256R1())
    draft = builder.public_key(stand_in.public_key()).sign(stand_in, _SHA256)
    fields = der.parts(draft.tbs_certificate_bytes)
    fields[_ALGORITHM_AT] = suite_of(issuer_key).algorithm
    fields[_KEY_AT] = suite_of(key).key_info(key)
    return x509.load_der_x509_certificate(_signed(fields, issuer_key))


def enlist(
    builder: x509.CertificateRevocationListBuilder, issuer_key: object
) -> x509.CertificateRevocationList:
    """The revocation list that a builder describes."""
    draft = builder.sign(ec.generate_private_key(ec.SECP256R1()), _SHA256)
    fields = der.parts(draft.tbs_certlist_bytes)
    fields[_LIST_ALGORITHM_AT] = suite_of(issuer_key).algorithm
    return x509.load_der_x509_crl(_signed(fields, issuer_key))


def key_identifier(key: object) -> bytes:
    """The usual identifier of a key (RFC 5280, 4.2.1.2): SHA-1 of its bits."""
    _, key_bits = der.parts(suite_of(key).key_info(key))
    hashing = hashes.Hash(hashes.SHA1())  # noqa: S303 - a name, no protection
    hashing.update(der.bits(key_bits))
    return hashing.finalize()


def _signed(fields: list[bytes], key: object) -> bytes:
    suite, content = suite_of(key), der.encoded(der.SEQUENCE, *fields)
    signature = der.encoded_bits(suite.wrapped(suite.sign(key, content)))
    return der.encoded(der.SEQUENCE, content, suite.algorithm, signature)
