"""Trust files: certificates of authorities and their revocation lists, read from PEM or DER."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from cryptography import x509

from libs.signing.chains import may_issue, may_list
from libs.signing.signers import SignerError
from libs.signing.suites import vouches

T = TypeVar("T")
Stamp = tuple[str, int, int, int]  # path, inode, changed (ns), bytes

_CA_SUFFIXES = (".pem", ".crt")
_CRL_SUFFIXES = (".pem", ".crl")
_DER = b"\x30"  # what such a file begins with: a sequence


@dataclass(frozen=True, slots=True)
class Authorities:
    """What the trust files hold. Every list is signed by one of the certificates."""

    certificates: tuple[x509.Certificate, ...]
    lists: tuple[x509.CertificateRevocationList, ...]


@dataclass(frozen=True, slots=True)
class _Form(Generic[T]):
    """How one kind of thing is found in a file."""

    name: str
    block: re.Pattern[bytes]  # in PEM, where others may stand beside it
    from_pem: Callable[[bytes], T]
    from_der: Callable[[bytes], T]


_CERTIFICATES = _Form(
    "certificate",
    re.compile(b"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL),
    x509.load_pem_x509_certificate,
    x509.load_der_x509_certificate,
)
_CRLS = _Form(
    "revocation list",
    re.compile(b"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----", re.DOTALL),
    x509.load_pem_x509_crl,
    x509.load_der_x509_crl,
)


@dataclass(frozen=True, slots=True)
class TrustFiles:
    """Where the trust files are: each a file, PEM or DER, or a folder of them."""

    ca: Path
    crl: Path | None = None

    def read(self) -> Authorities:
        """Read them. Raises SignerError that names the file and the cause."""
        certificates = tuple(
            certificate
            for path in self._ca_files
            for certificate in self._loaded(path, _CERTIFICATES)
            if may_issue(certificate)
        )
        if not certificates:
            raise SignerError(
                f"{self.ca}: holds no certificate of an authority (PEM, CA:TRUE, keyCertSign)"
            )
        lists = tuple(
            _checked(path, crl, certificates)
            for path in self._crl_files
            for crl in self._loaded(path, _CRLS)
        )
        if self.crl is not None and not lists:
            raise SignerError(f"{self.crl}: holds no revocation list (*.pem, *.crl)")
        return Authorities(certificates, lists)

    def stamps(self) -> tuple[Stamp, ...]:
        """What changes when the files do. Raises SignerError for a file that is not there."""
        return tuple(_stamp(path) for path in (*self._ca_files, *self._crl_files))

    @property
    def _ca_files(self) -> list[Path]:
        return _files(self.ca, _CA_SUFFIXES)

    @property
    def _crl_files(self) -> list[Path]:
        return _files(self.crl, _CRL_SUFFIXES) if self.crl else []

    def _loaded(self, path: Path, form: _Form[T]) -> Iterator[T]:
        """Every block of a PEM file: what is concatenated is not forgotten."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise _unreadable(path, error) from None
        blocks, load = form.block.findall(data), form.from_pem
        if not blocks and data.startswith(_DER):
            blocks, load = [data], form.from_der
        if not blocks and path in (self.ca, self.crl):  # in a folder other files may stand beside
            raise SignerError(f"{path}: holds no {form.name} in PEM or DER form")
        for block in blocks:
            try:
                yield load(block)
            except (ValueError, x509.InvalidVersion) as error:
                raise SignerError(f"{path}: broken: {error}") from None


def _files(place: Path, suffixes: tuple[str, ...]) -> list[Path]:
    try:
        if place.is_dir():
            return sorted(path for path in place.iterdir() if path.suffix in suffixes)
    except OSError as error:
        raise _unreadable(place, error) from None
    return [place]


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from None
    return str(path), status.st_ino, status.st_mtime_ns, status.st_size


def _checked(
    path: Path,
    crl: x509.CertificateRevocationList,
    authorities: Iterable[x509.Certificate],
) -> x509.CertificateRevocationList:
    """Raises SignerError for a list that is not an authority's, or not a whole one."""
    if any(extension.critical for extension in crl.extensions):
        raise SignerError(f"{path}: a partial list (critical extension): give the whole list")
    if any(
        authority.subject == crl.issuer and may_list(authority) and vouches(authority, crl)
        for authority in authorities
    ):
        return crl
    raise SignerError(f"{path}: the revocation list is not signed by a trusted authority")


def _unreadable(path: Path, error: OSError) -> SignerError:
    return SignerError(f"{path}: cannot read: {error.strerror}")
