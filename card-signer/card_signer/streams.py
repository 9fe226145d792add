"""Standard output in an encoding that lacks some of what is told: a code page of Windows.

A console takes everything, a pipe and a file do not: GBK lacks the marks, Western code pages
Chinese. What is left is told.
"""

import codecs
import sys
from io import TextIOWrapper

_NAME = "tongbao-instead"
_INSTEAD = {"✓": "[v]", "✗": "[x]", "？": "[?]", "→": "->", "：": ":", "（": "(", "）": ")"}


def take_everything() -> None:
    """No character is an error from now on: marks are spelt, others are told by `?`."""
    codecs.register_error(_NAME, _instead)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a program without a console has none
            stream.reconfigure(errors=_NAME)


def _instead(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_INSTEAD.get(each, "?") for each in lacking), error.end
