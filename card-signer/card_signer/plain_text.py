"""A text that is signed as it is: only one that a person can read, and that is nothing else."""

import re
from base64 import urlsafe_b64decode

from card_signer.lines import Line
from card_signer.troubles import Trouble

TEXT_CHARACTERS_MAX = 4_000
_BLANKS = "\n\u3000"
_SIGNED_INFO = re.compile(r"<(?:[^\s<>/:]+:)?SignedInfo[\s/>]")  # what an XML signature signs


def plain_lines(text: str) -> tuple[Line, ...]:
    """A text as it is. Raises Trouble for what nobody could read, so could not agree to.

    DOCUMENT: nothing, or signs that are not seen. TOO_LONG. UNREADABLE: what a signature of another
    kind is made over; signed as a text, it would be one over a document that was never shown.
    """
    if len(text) > TEXT_CHARACTERS_MAX:
        raise Trouble("TOO_LONG", limit=TEXT_CHARACTERS_MAX)
    if not text.strip():
        raise Trouble("DOCUMENT", what="空")
    seen = text.replace("\r\n", "\n")
    for sign in seen:
        if not (sign.isprintable() or sign in _BLANKS):
            raise Trouble("DOCUMENT", what=f"不可见字符 U+{ord(sign):04X}")
    if _SIGNED_INFO.match(seen) or _is_jws(seen):
        raise Trouble("UNREADABLE")
    return tuple(Line("原文", line) for line in seen.split("\n"))


def _is_jws(text: str) -> bool:
    """Whether it begins as what a JWS signs: a JSON object in base64url, then a dot."""
    head, dot, _ = text.partition(".")
    try:
        return bool(dot) and urlsafe_b64decode(head + "=" * (-len(head) % 4)).lstrip()[:1] == b"{"
    except ValueError:
        return False
