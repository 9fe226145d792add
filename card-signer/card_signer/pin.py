"""A PIN in memory: never shown, never a string, wiped when it is done with."""

from types import TracebackType
from typing import Self

from card_signer.troubles import Trouble

LENGTH_MIN, LENGTH_MAX = 4, 32  # of any kind of card; a kind may ask for more, or for less
_BLANK, _DELETE = 0x20, 0x7F  # between them is what ASCII shows


class Pin:
    """A context manager: leaving it overwrites the characters."""

    def __init__(self, characters: bytes | bytearray) -> None:
        self._characters = bytearray(characters)

    @classmethod
    def typed(cls, text: str | bytearray) -> Self:
        """What a user typed. Raises Trouble PIN_FORM; costs no try of the card."""
        typed = text.encode() if isinstance(text, str) else text
        if not all(_BLANK < each < _DELETE for each in typed):
            raise Trouble("PIN_FORM", what="ASCII")
        if not LENGTH_MIN <= len(typed) <= LENGTH_MAX:
            raise Trouble("PIN_FORM", what=f"{LENGTH_MIN}-{LENGTH_MAX}")
        return cls(typed)

    def characters(self) -> bytes:
        """What was typed, for the card."""
        return bytes(self._characters)

    def digits(self, least: int, most: int) -> bytes:
        """The same for a card that takes digits only, so many. Raises Trouble PIN_FORM."""
        typed = self.characters()
        if not (typed.isdigit() and least <= len(typed) <= most):
            raise Trouble("PIN_FORM", what=f"{least}-{most} × 0-9")
        return typed

    def wipe(self) -> None:
        """Overwrite it."""
        for at in range(len(self._characters)):
            self._characters[at] = 0
        self._characters.clear()

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
