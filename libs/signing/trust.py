"""Trust: chain, validity at a time, revocation, role. Cached a certificate, reloaded on change."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from libs.signing import der
from libs.signing.authorities import Authorities, Stamp, TrustFiles
from libs.signing.certificates import identity_of
from libs.signing.chains import Chain, May, chain_of, may_receive, may_sign
from libs.signing.suites import key_of
from libs.signing.verdict import Identity

CERTIFICATES_MAX = 10_000  # remembered; some 5 KB each
_DER_BYTES_MAX = 8_192
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Checked:
    """What does not change while the trust files stay. `identity` is a claim unless `chained`."""

    key: object
    identity: Identity | None
    chained: bool  # leads to a root of ours
    valid_from: datetime = _NEVER  # the narrowest of the chain
    valid_until: datetime = _NEVER
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Reading:
    """One reading of the trust files, and what followed from it. Replaced as a whole, so that
    nothing learnt from old files is ever taken for new."""

    stamps: tuple[Stamp, ...]
    authorities: Authorities
    known: dict[bytes, Checked] = field(default_factory=dict)  # signers
    recipients: dict[bytes, Checked] = field(default_factory=dict)


class TrustStore:
    """Certificates of trusted authorities and their revocation lists. Safe for many threads."""

    def __init__(self, ca: Path, crl: Path | None = None) -> None:
        self._files = TrustFiles(ca, crl)
        self._lock = threading.Lock()
        self._reading = _Reading(self._files.stamps(), self._files.read())

    @classmethod
    def load(cls, ca: Path, crl: Path | None = None) -> "TrustStore":
        """Read a PEM file, or every *.pem and *.crt (lists: *.pem and *.crl) of a folder.

        Raises SignerError that names the file and the cause.
        """
        return cls(ca, crl)

    def refresh(self) -> None:
        """Read the files again if they changed; call now and then, not for each message.

        Raises SignerError when they cannot be read; what was read before stays in force.
        """
        stamps = self._files.stamps()
        if stamps != self._reading.stamps:
            self._reading = _Reading(stamps, self._files.read())

    def check(self, certificate: bytes) -> Checked:
        """Chain, identity and revocation of a DER certificate.

        Raises ValueError when it is not a certificate with a key that we know.
        """
        reading = self._reading
        found = reading.known.get(certificate)
        if found is None:
            found = _examined(certificate, reading.authorities, may_sign)
            if found.chained:  # strangers cannot fill the memory, nor push others out
                self._remember(reading.known, certificate, found)
        return found

    def check_recipient(self, certificate: bytes) -> Checked:
        """As `check`, of a certificate to encrypt to. For the few of our own settings."""
        reading = self._reading
        if (found := reading.recipients.get(certificate)) is None:
            found = _examined(certificate, reading.authorities, may_receive)
            reading.recipients[certificate] = found
        return found

    def judge(self, checked: Checked, at: datetime) -> str:
        """OK, or why the certificate is not trusted at a time."""
        if not checked.chained or checked.identity is None:
            return "NOT_TRUSTED"
        if at < checked.valid_from:
            return "NOT_YET_VALID"
        if at > checked.valid_until:
            return "EXPIRED"
        if checked.revoked_at is not None and checked.revoked_at <= at:
            return "REVOKED"
        return "OK"

    def _remember(self, known: dict[bytes, Checked], certificate: bytes, found: Checked) -> None:
        with self._lock:
            while len(known) >= CERTIFICATES_MAX:
                del known[next(iter(known))]
            known[certificate] = found


def _examined(data: bytes, authorities: Authorities, may: May) -> Checked:
    if len(data) > _DER_BYTES_MAX:
        raise ValueError(f"the certificate is larger than {_DER_BYTES_MAX} bytes")
    try:
        return _read(data, authorities, may)
    except Exception as error:  # noqa: BLE001 - hostile DER: each field may raise, each its own way
        raise ValueError(f"not a usable certificate: {error}") from None


def _read(data: bytes, authorities: Authorities, may: May) -> Checked:
    leaf = x509.load_der_x509_certificate(data)
    *_, signature = der.parts(data)
    der.bits(signature)  # whole bytes, or one certificate had several fingerprints
    key = key_of(leaf)
    try:
        identity = identity_of(leaf)
    except ValueError:
        identity = None
    chain = chain_of(leaf, authorities.certificates, may)
    if not chain:
        return Checked(key, identity, chained=False)
    return Checked(
        key,
        identity,
        chained=True,
        valid_from=max(certificate.not_valid_before_utc for certificate in chain),
        valid_until=min(certificate.not_valid_after_utc for certificate in chain),
        revoked_at=_revoked_at(chain, authorities),
    )


def _revoked_at(chain: Chain, authorities: Authorities) -> datetime | None:
    times = [
        entry.revocation_date_utc
        for certificate in chain
        for crl in authorities.lists
        if crl.issuer == certificate.issuer
        and (entry := crl.get_revoked_certificate_by_serial_number(certificate.serial_number))
    ]
    return min(times, default=None)
