"""A software card: an encrypted key in a file, for development. Its PIN is the file's password.

The file is PEM: the private key (PKCS#8, encrypted) and the certificate, in any order.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from card_signer.card import Card, Slot, suite_of_certificate
from card_signer.pin import Pin
from card_signer.troubles import Trouble
from libs.signing.suites import read_private_key, write_private_key

SUFFIX = ".card"
_BYTES_MAX = 64 * 1024
_CARDS_MAX = 16  # whose certificates are not read anew for each signature


@dataclass(frozen=True)
class SoftwareBackend:
    """The software cards of one folder."""

    folder: Path
    name: str = "software"

    def slots(self) -> Sequence[Slot]:
        """Its card files; there is always a card in them."""
        return [Slot(self.name, str(path), True) for path in sorted(self.folder.glob(f"*{SUFFIX}"))]

    @contextmanager
    def open(self, slot: Slot) -> Iterator[Card]:
        """One of them. Raises Trouble CARD_FILE."""
        yield SoftwareCard(Path(slot.name))


class SoftwareCard:
    """One file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._pem = path.read_bytes()[:_BYTES_MAX]
            self.certificate = _certificate_in(self._pem)
        except OSError as error:
            raise Trouble("CARD_FILE", what=f"{path}: {error.strerror}") from None
        except ValueError:
            raise Trouble("CARD_FILE", what=f"{path}: PEM") from None

    def tries_left(self) -> int | None:
        """A file does not count."""
        return None

    def verify_pin(self, pin: Pin) -> None:
        """Raises Trouble PIN_WRONG."""
        self._key(pin)

    def change_pin(self, old: Pin, new: Pin) -> None:
        """Encrypt anew; the old file is replaced in one step."""
        key, beside = self._key(old), self._path.with_suffix(".new")
        certificate = x509.load_der_x509_certificate(self.certificate)
        write(beside, key, certificate, new)
        beside.replace(self._path)
        self._pem = self._path.read_bytes()

    def sign(self, data: bytes, pin: Pin) -> bytes:
        """The suite's signature."""
        suite, key = suite_of_certificate(self.certificate), self._key(pin)
        if not suite.takes(key):
            raise Trouble("CARD_FILE", what=f"{self._path}: {suite.keys}")
        return suite.sign(key, data)

    def _key(self, pin: Pin) -> object:
        try:
            return read_private_key(self._pem, pin.characters())
        except TypeError:
            raise Trouble("CARD_FILE", what=f"{self._path}: the key is not encrypted") from None
        except ValueError:
            raise Trouble("PIN_WRONG", left="∞") from None


@lru_cache(maxsize=_CARDS_MAX)
def _certificate_in(pem: bytes) -> bytes:
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


def write(path: Path, key: object, certificate: x509.Certificate, pin: Pin) -> None:
    """Make a software card; only its owner may read the file."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    encrypted = write_private_key(key, pin.characters())
    path.write_bytes(encrypted + certificate.public_bytes(Encoding.PEM))
