"""The local stack's certification authority and everything it issues: cards, partners, services.

For one machine and tests only. In production keys come from the authority that issues the cards.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from deploy.local.home import Home, write_private
from deploy.local.members import SERVICES
from libs.messages.parties import Role
from libs.messages.partners import JWE, PARTNERS
from libs.messages.samples import COMPANY, OTHER_COMPANY, OTHER_USCC, USCC
from libs.signing.encryption import Opener
from libs.signing.pki import Authority, Issued, Subject
from libs.signing.signers import FileSigner, SignerError
from libs.signing.suites import read_private_key, vouches

_RSA_BITS = 2048


@dataclass(frozen=True)
class Entry:
    """One key to have: where it lies, whose it is, whether it is an RSA key, what it is for."""

    path: Path  # without suffix: `.key` and `.pem` are added
    subject: Subject
    is_rsa: bool = False
    encryption: bool = False

    @property
    def key(self) -> Path:
        """The private key, PEM."""
        return self.path.parent / f"{self.path.name}.key"

    @property
    def certificate(self) -> Path:
        """The certificate, PEM."""
        return self.path.parent / f"{self.path.name}.pem"


def entries(home: Home) -> Iterator[Entry]:
    """Every key of a stack. Both suites occur among companies and among partners."""
    yield from _company(home, "tongda", COMPANY, USCC, ("王建国", "李晓明"))
    yield from _company(home, "haifeng", OTHER_COMPANY, OTHER_USCC, ("陈海峰", "周敏"), is_rsa=True)
    for code, partner in PARTNERS.items():
        subject = Subject(partner.role, code, partner.name)
        yield Entry(home.pki / code, subject, is_rsa=code in ("CPIC", "BOC"))
        if partner.encryption == JWE:
            yield Entry(home.pki / f"{code}-encryption", subject, encryption=True)
    for name in SERVICES:
        yield Entry(home.pki / name, Subject(Role.SERVICE, name, f"单一窗口 {name}"))


def openers(home: Home) -> dict[str, Opener]:
    """What reads the messages to those partners that want them encrypted, by partner code."""
    return {
        entry.subject.party: Opener.load(entry.key) for entry in entries(home) if entry.encryption
    }


def ensure_keys(home: Home) -> None:
    """Have the authority, its revocation list and every key; what is there and fits stays."""
    authority = ensure_authority(home)
    revocations = home.pki / "crl.pem"
    if not revocations.exists():
        write_private(revocations, authority.revocations([]).decode())
    for entry in entries(home):
        if not _is_whole(entry, authority.issued.certificate):
            bits = _RSA_BITS if entry.is_rsa else None
            issued = authority.issue(entry.subject, rsa_bits=bits, encryption=entry.encryption)
            _save(issued, entry.key, entry.certificate)


def ensure_authority(home: Home) -> Authority:
    """The authority of this home, made once."""
    key, certificate = home.pki / "ca.key", home.pki / "ca.pem"
    if not (key.exists() and certificate.exists()):
        authority = Authority.create("Tongbao local CA")
        (home.pki / "crl.pem").unlink(missing_ok=True)  # another authority's list
        _save(authority.issued, key, certificate)
        return authority
    found = read_private_key(key.read_bytes())
    return Authority(Issued(found, x509.load_pem_x509_certificate(certificate.read_bytes())))


def _company(
    home: Home, short: str, name: str, uscc: str, holders: tuple[str, str], *, is_rsa: bool = False
) -> Iterator[Entry]:
    legal, operator = holders
    for kind, role, holder in (
        ("legal", Role.LEGAL_PERSON, legal),
        ("operator", Role.OPERATOR, operator),
    ):
        subject = Subject(role, uscc, name, holder=holder, card=f"{uscc[8:17]}-{kind[0].upper()}1")
        yield Entry(home.cards / f"{short}-{kind}", subject, is_rsa)


def _is_whole(entry: Entry, root: x509.Certificate) -> bool:
    """Whether key and certificate are there, belong together and come from this authority."""
    try:
        signer = FileSigner.load(entry.key, entry.certificate)
    except SignerError:
        return False
    return vouches(root, x509.load_der_x509_certificate(signer.certificate))


def _save(issued: Issued, key: Path, certificate: Path) -> None:
    write_private(key, issued.key_pem().decode())
    write_private(certificate, issued.certificate_pem().decode())
