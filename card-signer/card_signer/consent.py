"""Asking the user: each signature is shown, and the PIN is typed here, never in a page."""

from dataclasses import dataclass
from typing import Protocol

from card_signer.pin import Pin
from card_signer.reading import Line

LAST = 1


@dataclass(frozen=True, slots=True)
class Question:
    """What the user is asked to agree to."""

    origin: str  # the site that wants it, as the browser says, or "命令行"
    title: str
    holder: str  # whose card: company and person
    lines: tuple[Line, ...]
    tries_left: int | None = None
    notes: tuple[str, ...] = ()  # warnings
    pin: str = "密码"  # which one is typed

    @property
    def is_last_try(self) -> bool:
        """Whether a wrong PIN locks the card."""
        return self.tries_left == LAST


class Consent(Protocol):
    """How a user is asked. Blocks; at most for `seconds`."""

    def ask(self, question: Question, seconds: float) -> Pin:
        """The PIN of a user who agrees.

        Raises Trouble CANCELLED, NO_ANSWER, PIN_FORM; LAST_TRY when one try is left and the user
        did not say that it shall be used.
        """
