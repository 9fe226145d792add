"""Patterns of texts, each with the words that tell a person what would be right."""

import re

from pydantic import StringConstraints

WORDS: dict[str, str] = {}
"""What a text of a pattern looks like, in Chinese."""


def shaped(pattern: str, words: str, longest: int | None = None) -> StringConstraints:
    """Constraints of a text that looks like `pattern`; a wrong one is answered with `words`."""
    WORDS[pattern] = words
    return StringConstraints(pattern=pattern, max_length=longest)


DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
TIME = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
    r"(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])$"
)
UUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
DECIMAL = r"^(0|[1-9][0-9]*)(\.[0-9]+)?$"

DAY_EXAMPLE = "例如 2026-11-23"
TIME_EXAMPLE = "例如 2026-11-23T08:00:00Z"
UUID_EXAMPLE = "例如 7c9e6679-7425-40de-944b-e07fc1f90ae7"
DECIMAL_EXAMPLE = '例如 "1000.00"'

# any text of XML 1.0 without carriage return (parsers change it), not only blanks
_ODD = r"\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffe\uffff"
TEXT = rf"^[^{_ODD}]*[^\s{_ODD}][^{_ODD}]*$"
NOTE = rf"{TEXT}|^$"
WORDS[TEXT] = WORDS[NOTE] = "可打印的文字，可以换行，不能只有空格"


def matcher(pattern: str) -> re.Pattern[str]:
    """The pattern, compiled for ASCII; use with fullmatch, so that no line end slips in."""
    return re.compile(pattern.removeprefix("^").removesuffix("$"), re.ASCII)
