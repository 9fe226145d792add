"""The window's process: one question, one answer, and gone as soon as nobody waits for it."""

import os
import threading

from card_signer.consent import Question
from card_signer.window.sheet import read

_INPUT, _OUTPUT = 0, 1


def main() -> None:
    """Read the question, show it, write the answer."""
    with open(_INPUT, "rb", closefd=False) as asked:
        question, seconds = read(asked.readline())
    threading.Thread(target=_leave_with_who_asked, daemon=True).start()
    os.write(_OUTPUT, _answer(question, seconds))


def _answer(question: Question, seconds: float) -> bytes:
    try:
        import tkinter  # noqa: PLC0415 - a Python may come without it, and that is an answer too

        from card_signer.window.view import View  # noqa: PLC0415 - which needs it
    except ImportError:
        return b"NO_SCREEN"
    try:
        return View(question, seconds).run()
    except tkinter.TclError:  # there is no display, or it went away
        return b"NO_SCREEN"


def _leave_with_who_asked() -> None:
    os.read(_INPUT, 1)  # returns at its end: nothing else is sent
    os._exit(1)


if __name__ == "__main__":
    main()
