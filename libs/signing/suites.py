"""The table of signature suites, and everything that asks it. One suite more is one row more."""

from cryptography import x509

from libs.signing.ecdsa_rsa import P256, RSA
from libs.signing.sm2_suite import SM2
from libs.signing.suite import Issuance, Suite

__all__ = [
    "BY_JWS",
    "BY_OID",
    "BY_XML",
    "SUITES",
    "Issuance",
    "Suite",
    "key_of",
    "read_private_key",
    "suite_of",
    "vouches",
    "write_private_key",
]

SUITES: tuple[Suite, ...] = (P256, RSA, SM2)
BY_XML = {suite.xml_signature: suite for suite in SUITES}
BY_JWS = {suite.jws: suite for suite in SUITES}
BY_OID = {suite.oid: suite for suite in SUITES}


def suite_of(key: object) -> Suite:
    """The suite that a key is for. Raises ValueError for a key that no suite takes."""
    for suite in SUITES:
        if suite.takes(key):
            return suite
    raise ValueError(f"the key must be {_keys()}")


def key_of(certificate: x509.Certificate) -> object:
    """The public key of a certificate. Raises ValueError for a key that no suite takes."""
    for suite in SUITES:
        key = suite.key_of(certificate)
        if suite.takes(key):
            return key
    raise ValueError(f"the certificate's key must be {_keys()}")


def vouches(authority: x509.Certificate, issued: Issuance) -> bool:
    """Whether the authority's key signed a certificate or a revocation list."""
    return any(check(authority, issued) for check in {suite.vouches for suite in SUITES})


def read_private_key(pem: bytes, password: bytes | None = None) -> object:
    """The private key of a PEM file.

    Raises ValueError for what is none, is of no suite, or has another password; TypeError for a
    password too few or too many.
    """
    wrong: ValueError | TypeError | None = None
    for read in dict.fromkeys(suite.read for suite in SUITES):
        try:
            key = read(pem, password)
        except (ValueError, TypeError) as error:
            if wrong is None or isinstance(error, TypeError):  # which says more
                wrong = error
        else:
            suite_of(key)
            return key
    raise wrong or ValueError("no suite reads keys")


def write_private_key(key: object, password: bytes | None = None) -> bytes:
    """A private key in PEM (PKCS#8), encrypted when there is a password."""
    return suite_of(key).write(key, password)


def _keys() -> str:
    return " or ".join(suite.keys for suite in SUITES)
