"""A PIN in memory: never shown, never a string, wiped when it is done with."""

from types import TracebackType
from typing import Self

from card_signer.troubles import Trouble

DIGITS_MIN, DIGITS_MAX = 6, 8


class Pin:
    """A context manager: leaving it overwrites the digits."""

    def __init__(self, digits: bytes | bytearray) -> None:
        self._digits = bytearray(digits)

    @classmethod
    def typed(cls, text: str | bytearray) -> Self:
        """What a user typed. Raises Trouble PIN_FORM; costs no try of the card."""
        if not (text.isascii() and text.isdigit()):
            raise Trouble("PIN_FORM", what="0-9")
        if not DIGITS_MIN <= len(text) <= DIGITS_MAX:
            raise Trouble("PIN_FORM", what=f"{DIGITS_MIN}-{DIGITS_MAX}")
        return cls(text.encode() if isinstance(text, str) else text)

    def digits(self) -> bytes:
        """The digits, for the card."""
        return bytes(self._digits)

    def wipe(self) -> None:
        """Overwrite them."""
        for at in range(len(self._digits)):
            self._digits[at] = 0
        self._digits.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.wipe()

    def __repr__(self) -> str:
        return "Pin(…)"
