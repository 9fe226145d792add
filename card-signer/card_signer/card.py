"""What every kind of card can do, whatever it is made of, and a signer over one of them."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from cryptography import x509

from card_signer.pin import Pin
from card_signer.troubles import Trouble
from libs.signing.suites import Suite, key_of, suite_of

_CARDS_MAX = 16  # whose certificates are not read anew for each signature


class Card(Protocol):
    """An open card. Every method may raise Trouble REMOVED and GARBLED."""

    @property
    def certificate(self) -> bytes:
        """The signing certificate, DER. Raises Trouble NOT_OUR_CARD when there is none."""

    def tries_left(self) -> int | None:
        """PIN tries before it locks; None when this kind of card does not count."""

    def verify_pin(self, pin: Pin) -> None:
        """Raises Trouble PIN_WRONG, PIN_LOCKED."""

    def change_pin(self, old: Pin, new: Pin) -> None:
        """Raises Trouble PIN_WRONG, PIN_LOCKED, PIN_FORM."""

    def sign(self, data: bytes, pin: Pin) -> bytes:
        """The suite's signature over `data`. Raises Trouble PIN_WRONG, PIN_LOCKED."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a card can be: a reader, a token's slot, a file."""

    backend: str
    name: str
    has_card: bool


class Backend(Protocol):
    """One kind of card."""

    @property
    def name(self) -> str:
        """What slots say that they are of."""

    def slots(self) -> Sequence[Slot]:
        """Where cards of this kind could be now. Raises Trouble NO_SERVICE."""

    def open(self, slot: Slot) -> AbstractContextManager[Card]:
        """The card in a slot, for this caller alone. Raises Trouble NO_CARD, NOT_OUR_CARD."""


@dataclass(frozen=True)
class CardSigner:
    """A `libs.signing.Signer` over an open card, for as long as its PIN is at hand."""

    card: Card
    pin: Pin

    @property
    def certificate(self) -> bytes:
        """The signing certificate, DER."""
        return self.card.certificate

    @property
    def suite(self) -> Suite:
        """The suite of the certificate's key."""
        return suite_of_certificate(self.card.certificate)

    def sign(self, data: bytes) -> bytes:
        """The suite's signature."""
        return self.card.sign(data, self.pin)


@lru_cache(maxsize=_CARDS_MAX)
def key_of_certificate(der: bytes) -> object:
    """The public key in a certificate. Raises Trouble NOT_OUR_CARD."""
    try:
        return key_of(x509.load_der_x509_certificate(der))
    except (ValueError, x509.InvalidVersion) as error:
        raise Trouble("NOT_OUR_CARD", what=str(error)) from None


@lru_cache(maxsize=_CARDS_MAX)
def suite_of_certificate(der: bytes) -> Suite:
    """The suite of a certificate's key. Raises Trouble NOT_OUR_CARD."""
    return suite_of(key_of_certificate(der))
