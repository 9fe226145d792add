"""A certificate authority for tests, the sandbox and local stacks. Not for production."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from libs.messages.parties import Role
from libs.signing import issuing
from libs.signing.certificates import CARD_OID, ROLE_CODES, ROLE_OID
from libs.signing.signers import FileSigner
from libs.signing.suites import write_private_key

_DAYS = 3650

# key usages (RFC 5280, 4.2.1.3) of an authority, of who signs, of who is encrypted to
AUTHORITY = frozenset({"key_cert_sign", "crl_sign"})
SIGNATURE = frozenset({"digital_signature", "content_commitment"})
ENCRYPTION = frozenset({"key_agreement"})
_USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
    *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


@dataclass(frozen=True)
class Issued:
    """A key and its certificate."""

    key: Any  # a private key of some suite
    certificate: x509.Certificate

    @property
    def signer(self) -> FileSigner:
        """A signer with this key."""
        return FileSigner(self.key, self.certificate)

    def key_pem(self, password: bytes | None = None) -> bytes:
        """PKCS#8; without a password not encrypted: write it where only its owner reads."""
        return write_private_key(self.key, password)

    def certificate_pem(self) -> bytes:
        """PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    def save(self, key_path: Path, cert_path: Path) -> None:
        """Write both; the key is readable by its owner only."""
        key_path.touch(mode=0o600)
        key_path.chmod(0o600)  # it may have been there
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
    """A root or an intermediate: issues leaves, intermediates and a revocation list."""

    def __init__(self, issued: Issued) -> None:
        self.issued = issued

    @classmethod
    def create(
        cls,
        name: str = "Tongbao Test CA",
        *,
        since: datetime | None = None,
        days: int = _DAYS,
        parent: "Authority | None" = None,
        path_length: int | None = 0,
        key: object = None,
    ) -> "Authority":
        """A new authority with `key`, else a P-256 key, valid from `since` (now) for `days`.

        A root, or an intermediate below `parent`; `path_length` is how many may stand below.
        """
        key = key or _new_key()
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tongbao sandbox"),
                x509.NameAttribute(NameOID.COMMON_NAME, name),
            ]
        )
        issuer = parent.issued.certificate.subject if parent else subject
        issuer_key = parent.issued.key if parent else key
        builder = _builder(subject, issuer, key, issuer_key, _validity(since, days))
        basic = x509.BasicConstraints(ca=True, path_length=path_length)
        builder = builder.add_extension(basic, critical=True)
        builder = builder.add_extension(_usage(AUTHORITY), critical=True)
        return cls(Issued(key, issuing.certify(builder, key, issuer_key)))

    def issue(
        self,
        subject: Subject,
        *,
        key: object = None,
        rsa_bits: int | None = None,
        since: datetime | None = None,
        days: int = _DAYS,
        server: Iterable[x509.GeneralName] = (),
        encryption: bool = False,
    ) -> Issued:
        """A leaf for `subject` with `key`, else a new P-256 or RSA key; `server` names for TLS.

        It signs, or with `encryption` is encrypted to.
        """
        key = key or _new_key(rsa_bits)
        issuer, issuer_key = self.issued.certificate.subject, self.issued.key
        builder = _builder(_name(subject), issuer, key, issuer_key, _validity(since, days))
        basic = x509.BasicConstraints(ca=False, path_length=None)
        builder = builder.add_extension(basic, critical=True)
        usage = _usage(ENCRYPTION if encryption else SIGNATURE)
        builder = builder.add_extension(usage, critical=True)
        role = _private(ROLE_OID, ROLE_CODES[subject.role])
        builder = builder.add_extension(role, critical=False)
        if subject.card:
            card = _private(CARD_OID, subject.card.encode())
            builder = builder.add_extension(card, critical=False)
        if names := list(server):
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return Issued(key, issuing.certify(builder, key, issuer_key))

    def revocations(self, revoked: Iterable[x509.Certificate], at: datetime | None = None) -> bytes:
        """A revocation list, PEM."""
        now = at or _now()
        builder = x509.CertificateRevocationListBuilder(
            self.issued.certificate.subject, now, now + timedelta(days=_DAYS)
        )
        number = x509.CRLNumber(int(now.timestamp()))
        builder = builder.add_extension(number, critical=False)
        builder = builder.add_extension(_issuer_key(self.issued.key), critical=False)
        for certificate in revoked:
            entry = x509.RevokedCertificateBuilder(certificate.serial_number, now)
            builder = builder.add_revoked_certificate(entry.build())
        return issuing.enlist(builder, self.issued.key).public_bytes(Encoding.PEM)


def _new_key(rsa_bits: int | None = None) -> object:
    if rsa_bits:
        return rsa.generate_private_key(65537, rsa_bits)
    return ec.generate_private_key(ec.SECP256R1())


def _validity(since: datetime | None, days: int) -> tuple[datetime, datetime]:
    start = since or _now()
    return start, start + timedelta(days=days)


def _now() -> datetime:
    # a minute back: clocks of one machine's processes need not agree to the second
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: object,
    issuer_key: object,
    validity: tuple[datetime, datetime],
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=subject,
        serial_number=x509.random_serial_number() >> 96,  # 8 bytes, as real cards have
        not_valid_before=validity[0],
        not_valid_after=validity[1],
    )
    own_key = x509.SubjectKeyIdentifier(issuing.key_identifier(key))
    builder = builder.add_extension(own_key, critical=False)
    return builder.add_extension(_issuer_key(issuer_key), critical=False)


def _issuer_key(key: object) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier(issuing.key_identifier(key), None, None)


def _name(subject: Subject) -> x509.Name:
    rows = [
        (NameOID.COUNTRY_NAME, "CN"),
        (NameOID.ORGANIZATION_NAME, subject.name),
        (NameOID.ORGANIZATION_IDENTIFIER, subject.party),
        (NameOID.COMMON_NAME, subject.holder or subject.party),
    ]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in rows])


def _usage(purposes: frozenset[str]) -> x509.KeyUsage:
    return x509.KeyUsage(**{name: name in purposes for name in _USAGES})


def _private(oid: x509.ObjectIdentifier, value: bytes) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(oid, value)
