"""What a session needs of a card: to prove who is there, and to sign what is handed in."""

from dataclasses import dataclass
from typing import Protocol

from libs.signing import Signer, sign_jws, sign_xml
from libs.signing.proofs import login_statement


class CardError(Exception):
    """The card, or whoever holds it, says no; `code` is the card signer's, the text a sentence."""

    def __init__(self, code: str, text: str) -> None:
        self.code = code
        super().__init__(f"{code}: {text}")


class Card(Protocol):
    """A card at hand. Every method blocks, and may raise CardError."""

    def prove(self, origin: str, nonce: str) -> str:
        """The detached JWS that logs in at `origin`."""

    def sign(self, document: bytes) -> bytes:
        """The XML document with its signature."""

    def sign_beside(self, data: bytes) -> str:
        """A detached JWS over other content."""


@dataclass(frozen=True)
class SoftwareCard:
    """A card whose key this process holds: for development, tests and load."""

    signer: Signer

    def prove(self, origin: str, nonce: str) -> str:
        """As `Card.prove`. The statement is made here: it is never signed as a server gives it."""
        return sign_jws(login_statement(origin, nonce), self.signer)

    def sign(self, document: bytes) -> bytes:
        """As `Card.sign`."""
        return sign_xml(document, self.signer)

    def sign_beside(self, data: bytes) -> str:
        """As `Card.sign_beside`."""
        return sign_jws(data, self.signer)
