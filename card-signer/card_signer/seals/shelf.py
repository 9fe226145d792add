"""The electronic seals that this computer has, and who may have made one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from card_signer.settings import Settings
from card_signer.troubles import Trouble
from libs.signing.seals import Seal, SealError

_PEM = b"-----BEGIN"
_TROUBLES = {
    "FORMAT": "SEAL_FORMAT",
    "SIGNATURE": "SEAL_SIGNATURE",
    "HOLDER": "SEAL_HOLDER",
    "TIME": "SEAL_TIME",
    "CONTENT": "SEAL_CONTENT",
}


def broken(error: SealError) -> Trouble:
    """A seal that does not hold, as a user is told of it."""
    return Trouble(_TROUBLES[error.reason])


def seal_of(data: bytes) -> Seal:
    """Raises Trouble SEAL_FORMAT, SEAL_SIGNATURE."""
    try:
        return Seal.read(data)
    except SealError as error:
        raise broken(error) from None


def name_in(subject: x509.Name, oid: x509.ObjectIdentifier) -> str:
    """The first name of this kind; empty when there is none."""
    return next((str(each.value) for each in subject.get_attributes_for_oid(oid)), "")


@dataclass(frozen=True)
class Shelf:
    """Files are read each time: who puts one there need not start the program again."""

    seals: Path | None = None
    makers: Path | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Shelf":
        """As the settings say."""
        return cls(settings.seals, settings.seal_makers)

    def seal_for(self, certificate: bytes, at: datetime) -> Seal:
        """The first seal that the holder of a certificate may use now.

        Raises Trouble NO_SEAL; SEAL_FILES when a file is none.
        """
        for path, data in _files(self.seals, ("*.esl",)):
            try:
                seal = Seal.read(data)
            except SealError as error:
                raise Trouble("SEAL_FILES", what=f"{path}: {error}") from None
            if seal.is_of(certificate) and seal.since <= at <= seal.until:
                return seal
        raise Trouble("NO_SEAL")

    def check_maker(self, seal: Seal) -> None:
        """Raises Trouble SEAL_MAKER, SEAL_FILES. Without makers in the settings the site judges."""
        if self.makers is None:
            return
        maker = seal.maker.public_bytes(Encoding.DER)
        known = (
            _der(path, data) for path, data in _files(self.makers, ("*.pem", "*.crt", "*.cer"))
        )
        if maker not in known:
            raise Trouble("SEAL_MAKER")


def _files(place: Path | None, patterns: Iterable[str]) -> list[tuple[Path, bytes]]:
    if place is None:
        return []
    try:
        if place.is_dir():
            paths = sorted(path for pattern in patterns for path in place.glob(pattern))
        else:
            paths = [place]
        return [(path, path.read_bytes()) for path in paths]
    except OSError as error:
        raise Trouble("SEAL_FILES", what=f"{error.filename}: {error.strerror}") from None


def _der(path: Path, data: bytes) -> bytes:
    try:
        load = x509.load_pem_x509_certificate if _PEM in data else x509.load_der_x509_certificate
        return load(data).public_bytes(Encoding.DER)
    except (ValueError, x509.InvalidVersion) as error:
        raise Trouble("SEAL_FILES", what=f"{path}: {error}") from None
