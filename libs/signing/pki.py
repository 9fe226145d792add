"""A certificate authority for tests, the sandbox and local stacks. Not for production."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from libs.messages.parties import Role
from libs.signing.certificates import CARD_OID, ROLE_CODES, ROLE_OID
from libs.signing.signers import FileSigner
from libs.signing.suites import PrivateKey

_DAYS = 3650
_SHA256 = hashes.SHA256()


@dataclass(frozen=True)
class Issued:
    """A key and its certificate."""

    key: PrivateKey
    certificate: x509.Certificate

    @property
    def signer(self) -> FileSigner:
        """A signer with this key."""
        return FileSigner(self.key, self.certificate)

    def key_pem(self) -> bytes:
        """PKCS#8, not encrypted: write it where only its owner reads."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def certificate_pem(self) -> bytes:
        """PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    def save(self, key_path: Path, cert_path: Path) -> None:
        """Write both; the key is readable by its owner only."""
        key_path.touch(mode=0o600)
        key_path.write_bytes(self.key_pem())
        cert_path.write_bytes(self.certificate_pem())


@dataclass(frozen=True)
class Subject:
    """Who a certificate is for."""

    role: Role
    party: str  # USCC, partner code or service name
    name: str
    holder: str = ""
    card: str = ""


class Authority:
    """A root that issues leaves and a revocation list."""

    def __init__(self, issued: Issued) -> None:
        self.issued = issued

    @classmethod
    def create(
        cls, name: str = "Tongbao Test CA", *, since: datetime | None = None, days: int = _DAYS
    ) -> "Authority":
        """A new root with a P-256 key, valid from `since` (now) for `days`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tongbao sandbox"),
                x509.NameAttribute(NameOID.COMMON_NAME, name),
            ]
        )
        builder = _builder(subject, subject, key, since or _now(), timedelta(days=days))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        builder = builder.add_extension(_usage(authority=True), True)
        return cls(Issued(key, builder.sign(key, _SHA256)))

    def issue(
        self,
        subject: Subject,
        *,
        rsa_bits: int | None = None,
        since: datetime | None = None,
        days: int = _DAYS,
        server: Iterable[x509.GeneralName] = (),
    ) -> Issued:
        """A leaf for `subject`: P-256, or RSA with `rsa_bits`; `server` names for TLS."""
        key: PrivateKey = (
            rsa.generate_private_key(65537, rsa_bits)
            if rsa_bits
            else ec.generate_private_key(ec.SECP256R1())
        )
        root = self.issued.certificate
        builder = _builder(_name(subject), root.subject, key, since or _now(), timedelta(days=days))
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        builder = builder.add_extension(_usage(authority=False), True)
        builder = builder.add_extension(_private(ROLE_OID, ROLE_CODES[subject.role]), False)
        if subject.card:
            builder = builder.add_extension(_private(CARD_OID, subject.card.encode()), False)
        if names := list(server):
            builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
        return Issued(key, builder.sign(self.issued.key, _SHA256))

    def revocations(self, revoked: Iterable[x509.Certificate], at: datetime | None = None) -> bytes:
        """A revocation list, PEM."""
        now = at or _now()
        builder = x509.CertificateRevocationListBuilder(
            self.issued.certificate.subject, now, now + timedelta(days=_DAYS)
        )
        for certificate in revoked:
            entry = x509.RevokedCertificateBuilder(certificate.serial_number, now)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self.issued.key, _SHA256).public_bytes(Encoding.PEM)


def _now() -> datetime:
    # a minute back: clocks of one machine's processes need not agree to the second
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: PrivateKey,
    since: datetime,
    lasting: timedelta,
) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number() >> 96,  # 8 bytes, as real cards have
        not_valid_before=since,
        not_valid_after=since + lasting,
    )


def _name(subject: Subject) -> x509.Name:
    rows = [
        (NameOID.COUNTRY_NAME, "CN"),
        (NameOID.ORGANIZATION_NAME, subject.name),
        (NameOID.ORGANIZATION_IDENTIFIER, subject.party),
        (NameOID.COMMON_NAME, subject.holder or subject.party),
    ]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in rows])


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _private(oid: x509.ObjectIdentifier, value: bytes) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(oid, value)
