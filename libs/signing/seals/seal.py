"""A seal: whose it is, how it looks, who made it (GB/T 38540-2020, clause 6.3)."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from cryptography import x509
from cryptography.hazmat import asn1

from libs.signing.seals import structures
from libs.signing.seals.structures import CertificateDigest, Picture, SealStructure
from libs.signing.suites import BY_OID, SUITES, key_of, suite_of

SEAL_BYTES_MAX = 256 * 1024
_DIGESTS = {suite.digest_name: suite.digest for suite in SUITES}


class SealError(ValueError):
    """A seal, or something sealed, does not hold; the text says why, in English.

    `reason` is one of FORMAT, SIGNATURE, HOLDER, TIME, CONTENT.
    """

    def __init__(self, reason: str, text: str) -> None:
        self.reason = reason
        super().__init__(text)


@dataclass(frozen=True)
class Seal:
    """A seal that its maker signed. Whether that maker is one to be believed, the caller says."""

    data: bytes  # DER
    structure: SealStructure
    maker: x509.Certificate

    @classmethod
    def read(cls, data: bytes) -> "Seal":
        """Raises SealError FORMAT, SIGNATURE."""
        if len(data) > SEAL_BYTES_MAX:
            raise SealError("FORMAT", f"a seal is at most {SEAL_BYTES_MAX} bytes")
        try:
            structure = structures.parsed(SealStructure, data)
        except ValueError as error:
            raise SealError("FORMAT", f"no seal of GB/T 38540: {error}") from None
        return cls.of(data, structure)

    @classmethod
    def of(cls, data: bytes, structure: SealStructure) -> "Seal":
        """A seal within something sealed. Raises SealError FORMAT, SIGNATURE."""
        header = structure.info.header
        if header.id.as_str() != structures.SEAL_ID or header.version not in structures.VERSIONS:
            raise SealError("FORMAT", "no seal of GB/T 38540: another header")
        maker = certificate_of(structure.certificate)
        check_signature(
            maker, structure.algorithm, structure.signature, structures.encoded(structure.info)
        )
        return cls(data, structure, maker)

    @property
    def id(self) -> str:
        """Its number."""
        return self.structure.info.id.as_str()

    @property
    def name(self) -> str:
        """What it is called, mostly with the holder's name."""
        return self.structure.info.properties.name

    @property
    def picture(self) -> Picture:
        """How it looks: type, file, size in mm."""
        return self.structure.info.picture

    @cached_property
    def since(self) -> datetime:
        """From when it may be used."""
        return self.structure.info.properties.valid_from.as_datetime()

    @cached_property
    def until(self) -> datetime:
        """Until when it may be used."""
        return self.structure.info.properties.valid_until.as_datetime()

    def is_of(self, certificate: bytes) -> bool:
        """Whether the holder of this certificate (DER) may use it."""
        properties = self.structure.info.properties
        if properties.list_type == structures.CERTIFICATES:
            return certificate in properties.certificates
        return any(_stands_for(each, certificate) for each in properties.certificates)

    def check(self, certificate: bytes, at: datetime) -> None:
        """Whether the holder of this certificate may use it then. Raises SealError HOLDER, TIME."""
        if not self.is_of(certificate):
            raise SealError("HOLDER", "the seal is not the certificate holder's")
        if not self.since <= at <= self.until:
            raise SealError("TIME", f"the seal is valid from {self.since} until {self.until}")


def certificate_of(data: bytes) -> x509.Certificate:
    """Raises SealError FORMAT."""
    try:
        return x509.load_der_x509_certificate(data)
    except (ValueError, x509.InvalidVersion) as error:
        raise SealError("FORMAT", f"no usable certificate: {error}") from None


def check_signature(
    certificate: x509.Certificate,
    algorithm: x509.ObjectIdentifier,
    signature: asn1.BitString,
    content: bytes,
) -> None:
    """Raises SealError SIGNATURE."""
    suite = BY_OID.get(algorithm)
    try:
        key = key_of(certificate)
        if suite is None or suite_of(key) is not suite:
            raise ValueError("the algorithm is none that this key signs with")
        if not suite.verify(key, suite.unwrapped(signature.as_bytes()), content):
            raise ValueError("the signature does not fit")
    except ValueError as error:
        raise SealError("SIGNATURE", str(error)) from None


def _stands_for(listed: bytes | CertificateDigest, certificate: bytes) -> bool:
    if isinstance(listed, bytes):
        return False
    digest = _DIGESTS.get(listed.type.as_str().replace("-", "").upper())
    return digest is not None and digest(certificate) == listed.value
