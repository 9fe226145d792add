"""What a user is shown: one line of text each."""

from dataclasses import dataclass

_FULL_BLANK = "\u3000"  # of Chinese text; Python does not call it printable


@dataclass(frozen=True, slots=True)
class Line:
    """One field as it is shown; `depth` is how far it stands within others."""

    label: str
    text: str
    depth: int = 0
    is_key: bool = False  # an amount or a counterparty


def printable(text: str) -> str:
    """Text as one sees it: what would move the cursor or turn the direction is spelt out."""
    return "".join(
        sign if sign.isprintable() or sign == _FULL_BLANK else f"\\u{ord(sign):04x}"
        for sign in text
    )
