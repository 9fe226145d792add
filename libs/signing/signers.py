"""Signers: something that signs and never shows its key (a file here; cards and HSMs elsewhere)."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Protocol, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from libs.signing.suites import Suite, key_of, read_private_key, suite_of

T = TypeVar("T")


class SignerError(Exception):
    """A key or certificate cannot be used; the text says which file and why."""


class Signer(Protocol):
    """Signs bytes with a key that it keeps to itself."""

    @property
    def suite(self) -> Suite:
        """The signature suite."""

    @property
    def certificate(self) -> bytes:
        """The signing certificate, DER."""

    def sign(self, data: bytes) -> bytes:
        """The suite's signature over `data` (ECDSA, SM2: r and s, 32 bytes each)."""


class FileSigner:
    """A signer whose key is in a PEM file: services, the sandbox, software cards."""

    def __init__(self, key: object, certificate: x509.Certificate) -> None:
        self._key = key
        self._certificate = certificate
        self.suite = suite_of(key)

    @classmethod
    def load(cls, key_path: Path, cert_path: Path, password: bytes | None = None) -> "FileSigner":
        """Read key and certificate. Raises SignerError that names the file and the cause."""
        key = read_pem(key_path, lambda data: read_private_key(data, password), "private key")
        certificate = read_pem(cert_path, x509.load_pem_x509_certificate, "certificate")
        try:
            signer = cls(key, certificate)
        except ValueError as error:
            raise SignerError(f"{key_path}: {error}") from None
        if not signer.fits():
            raise SignerError(f"{key_path} is not the key of the certificate {cert_path}")
        return signer

    def fits(self) -> bool:
        """Whether key and certificate belong together."""
        proof = b"key and certificate belong together"
        try:
            return self.suite.verify(key_of(self._certificate), self.sign(proof), proof)
        except ValueError:  # the certificate's key is of no suite
            return False

    @cached_property
    def certificate(self) -> bytes:
        """The signing certificate, DER."""
        return self._certificate.public_bytes(Encoding.DER)

    def sign(self, data: bytes) -> bytes:
        """The suite's signature over `data`."""
        return self.suite.sign(self._key, data)


def read_pem(path: Path, load: Callable[[bytes], T], what: str) -> T:
    """What `load` makes of a file. Raises SignerError that names the file, `what` and the cause."""
    try:
        return load(path.read_bytes())
    except OSError as error:
        raise SignerError(f"{path}: cannot read the {what}: {error.strerror}") from None
    except TypeError as error:  # a password too few or too many
        raise SignerError(f"{path}: {error}") from None
    except (ValueError, x509.InvalidVersion) as error:
        raise SignerError(f"{path}: not a usable {what} (PEM expected): {error}") from None
