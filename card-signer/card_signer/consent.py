"""Asking the user: each signature is shown, and the PIN is typed here, never in a page."""

from dataclasses import dataclass, replace
from typing import Protocol

from card_signer.lines import Line, printable
from card_signer.pin import Pin

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
    file: str = ""  # where a file that is signed can be looked at

    @property
    def is_last_try(self) -> bool:
        """Whether a wrong PIN locks the card."""
        return self.tries_left == LAST


def spelt_out(question: Question) -> Question:
    """The question as it may be shown: no sign in it moves a cursor or turns the direction."""
    lines = (
        replace(line, label=printable(line.label), text=printable(line.text))
        for line in question.lines
    )
    return replace(
        question,
        origin=printable(question.origin),
        title=printable(question.title),
        holder=printable(question.holder),
        lines=tuple(lines),
        notes=tuple(printable(note) for note in question.notes),
    )


class Consent(Protocol):
    """How a user is asked. Blocks; at most for `seconds`."""

    def ask(self, question: Question, seconds: float) -> Pin:
        """The PIN of a user who agrees.

        Raises Trouble CANCELLED, NO_ANSWER, PIN_FORM; GONE when whoever asked has gone; LAST_TRY
        when one try is left and the user did not say that it shall be used.
        """
