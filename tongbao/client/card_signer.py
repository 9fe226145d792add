"""A card that the card signer on this computer holds: asked as a page of the portal would ask."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import orjson
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tongbao.client.cards import CardError

PATH = "/tongbao/v1"
_MESSAGE_BYTES_MAX = 4 * 1024 * 1024
_ANSWER_SECONDS = 180.0  # the user reads and types meanwhile


class CardSigner:
    """One connection to the card signer's own door, for the card with one fingerprint."""

    def __init__(self, connection: ClientConnection, fingerprint: str) -> None:
        self._connection = connection
        self._fingerprint = fingerprint
        self._number = 0

    @classmethod
    @contextmanager
    def opened(cls, address: str, origin: str, fingerprint: str) -> Iterator[Self]:
        """Connect as a page of `origin` does; `address` is ws://127.0.0.1:PORT.

        Raises CardError NOT_SERVING when nobody is there, ORIGIN when the site may not use cards.
        """
        try:
            connection = connect(
                f"{address}{PATH}", origin=Origin(origin), max_size=_MESSAGE_BYTES_MAX, proxy=None
            )
        except OSError as error:
            raise CardError("NOT_SERVING", f"{address}: {error.strerror or error}") from None
        except InvalidHandshake as error:
            raise CardError("ORIGIN", str(error)) from None
        with connection:
            yield cls(connection, fingerprint)

    def prove(self, origin: str, nonce: str) -> str:
        """As `Card.prove`; the origin is the connection's, whatever is said here."""
        return str(self._ask("login", nonce=nonce)["signature"])

    def sign(self, document: bytes) -> bytes:
        """As `Card.sign`."""
        return str(self._ask("sign", document=document.decode())["document"]).encode()

    def sign_beside(self, data: bytes) -> str:
        """Not offered: a card signs documents that its holder can read."""
        raise CardError("DOCUMENT", "XML only")

    def cards(self) -> list[dict[str, Any]]:
        """The cards that are in now."""
        found: list[dict[str, Any]] = self._ask("status")["cards"]
        return found

    def events(self, seconds: float) -> Iterator[dict[str, Any]]:
        """Cards that come and go, until none does for `seconds`."""
        while True:
            try:
                yield orjson.loads(self._connection.recv(timeout=seconds))
            except TimeoutError:
                return

    def _ask(self, call: str, **given: str) -> dict[str, Any]:
        self._number += 1
        asked = {"id": self._number, "call": call, "card": self._fingerprint, **given}
        try:
            self._connection.send(orjson.dumps(asked).decode())
            answer = self._answer()
        except ConnectionClosed as closed:
            raise CardError("NOT_SERVING", str(closed)) from None
        except TimeoutError:
            raise CardError("NO_ANSWER", f"{_ANSWER_SECONDS:.0f} s") from None
        if not answer["ok"]:
            error = answer["error"]
            raise CardError(error["code"], f"{error['message']} {error['todo']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _answer(self) -> dict[str, Any]:
        while True:
            told: dict[str, Any] = orjson.loads(self._connection.recv(timeout=_ANSWER_SECONDS))
            if told.get("id") == self._number:
                return told
