"""Trust: chain, validity at a time, revocation, role. Cached a certificate, reloaded on change."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from libs.signing.certificates import identity_of
from libs.signing.signers import SignerError
from libs.signing.suites import PublicKey
from libs.signing.verdict import Identity

_CACHE_MAX = 10_000
_CHAIN_MAX = 4


@dataclass(frozen=True, slots=True)
class Checked:
    """What does not change while the trust files stay: chain and identity of one certificate."""

    key: object
    identity: Identity | None
    chain: tuple[x509.Certificate, ...]  # leaf first, root last; empty: no trusted chain
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Files:
    authorities: tuple[x509.Certificate, ...]
    lists: tuple[x509.CertificateRevocationList, ...]


class TrustStore:
    """Certificates of trusted authorities and their revocation lists. Safe for many threads."""

    def __init__(self, ca: Path, crl: Path | None = None) -> None:
        self._ca = ca
        self._crl = crl
        self._lock = threading.Lock()
        self._cache: dict[bytes, Checked] = {}
        self._stamp = self._stamps()
        self._files = self._read()

    @classmethod
    def load(cls, ca: Path, crl: Path | None = None) -> "TrustStore":
        """Read a PEM file, or every *.pem and *.crt of a folder.

        Raises SignerError that names the file and the cause.
        """
        return cls(ca, crl)

    def refresh(self) -> None:
        """Read the files again if they changed; call now and then, not for each message."""
        stamp = self._stamps()
        if stamp == self._stamp:
            return
        files = self._read()
        with self._lock:
            self._files, self._stamp = files, stamp
            self._cache = {}

    def check(self, certificate: bytes) -> Checked:
        """Chain, identity and revocation of a DER certificate.

        Raises ValueError when it is not a certificate with a key that we know.
        """
        with self._lock:
            known = self._cache.get(certificate)
        if known is None:
            known = self._examine(certificate)
            with self._lock:
                if len(self._cache) >= _CACHE_MAX:
                    self._cache.clear()
                self._cache[certificate] = known
        return known

    def judge(self, checked: Checked, at: datetime) -> str:
        """OK, or why the certificate is not trusted at a time."""
        if not checked.chain or checked.identity is None:
            return "NOT_TRUSTED"
        if any(at < certificate.not_valid_before_utc for certificate in checked.chain):
            return "NOT_YET_VALID"
        if any(at > certificate.not_valid_after_utc for certificate in checked.chain):
            return "EXPIRED"
        if checked.revoked_at is not None and checked.revoked_at <= at:
            return "REVOKED"
        return "OK"

    def _examine(self, der: bytes) -> Checked:
        try:
            leaf = x509.load_der_x509_certificate(der)
            key = leaf.public_key()
        except (ValueError, UnsupportedAlgorithm) as error:
            raise ValueError(f"not a usable certificate: {error}") from None
        try:
            identity = identity_of(leaf)
        except ValueError:
            identity = None
        chain = self._chain(leaf) if _may_sign(leaf) else ()
        return Checked(key, identity, chain, self._revoked_at(chain))

    def _chain(self, leaf: x509.Certificate) -> tuple[x509.Certificate, ...]:
        chain = [leaf]
        while len(chain) <= _CHAIN_MAX:
            issuer = self._issuer(chain[-1])
            if issuer is None:
                return ()
            if issuer == chain[-1]:
                return ()  # a leaf that is an authority itself signs no messages
            chain.append(issuer)
            if issuer.issuer == issuer.subject:
                return tuple(chain)
        return ()

    def _issuer(self, certificate: x509.Certificate) -> x509.Certificate | None:
        for authority in self._files.authorities:
            if authority.subject == certificate.issuer and _issued(authority, certificate):
                return authority
        return None

    def _revoked_at(self, chain: Iterable[x509.Certificate]) -> datetime | None:
        times = [
            entry.revocation_date_utc
            for certificate in chain
            for crl in self._files.lists
            if crl.issuer == certificate.issuer
            and (entry := crl.get_revoked_certificate_by_serial_number(certificate.serial_number))
        ]
        return min(times, default=None)

    def _read(self) -> _Files:
        authorities = tuple(
            certificate
            for path in _pem_files(self._ca)
            for certificate in _certificates(path)
            if _is_authority(certificate)
        )
        if not authorities:
            raise SignerError(f"{self._ca}: holds no certificate of an authority (PEM, CA:TRUE)")
        lists = tuple(_crl(path, authorities) for path in _pem_files(self._crl))
        return _Files(authorities, lists)

    def _stamps(self) -> tuple[tuple[str, int, int], ...]:
        stamps = []
        for path in (*_pem_files(self._ca), *_pem_files(self._crl)):
            try:
                status = path.stat()
            except OSError as error:
                raise SignerError(f"{path}: cannot read: {error.strerror}") from None
            stamps.append((str(path), status.st_mtime_ns, status.st_size))
        return tuple(stamps)


def _pem_files(place: Path | None) -> list[Path]:
    if place is None:
        return []
    if place.is_dir():
        return sorted(path for path in place.iterdir() if path.suffix in (".pem", ".crt"))
    return [place]


def _certificates(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise SignerError(f"{path}: cannot read: {error.strerror}") from None
    except ValueError:
        raise SignerError(f"{path}: holds no certificate in PEM form") from None


def _crl(path: Path, authorities: tuple[x509.Certificate, ...]) -> x509.CertificateRevocationList:
    try:
        crl = x509.load_pem_x509_crl(path.read_bytes())
    except OSError as error:
        raise SignerError(f"{path}: cannot read: {error.strerror}") from None
    except ValueError:
        raise SignerError(f"{path}: not a revocation list in PEM form") from None
    for authority in authorities:
        key = authority.public_key()
        if not isinstance(key, PublicKey) or authority.subject != crl.issuer:
            continue
        if crl.is_signature_valid(key):
            return crl
    raise SignerError(f"{path}: the revocation list is not signed by a trusted authority")


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return basic.ca


def _may_sign(certificate: x509.Certificate) -> bool:
    """A leaf: no authority, and allowed to make digital signatures."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return usage.digital_signature and not _is_authority(certificate)


def _issued(authority: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
