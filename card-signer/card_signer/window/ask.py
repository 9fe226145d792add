"""Ask in a window: start its process, wait for its word, let nothing of it stay."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO

from card_signer.asker import current
from card_signer.children import command, surroundings
from card_signer.consent import Question, spelt_out
from card_signer.pin import Pin
from card_signer.troubles import Trouble
from card_signer.window.sheet import ANSWER_BYTES_MAX, CODES, PIN, written

_COMMAND = command("card_signer.window")


@dataclass(frozen=True)
class Window:
    """A window on the user's desktop, one process a question."""

    command: tuple[str, ...] = _COMMAND

    def ask(self, question: Question, seconds: float) -> Pin:
        """As `Consent.ask`. A window that dies is NO_SCREEN."""
        deadline, asker = time.monotonic() + seconds, current()
        with _pipe() as (asked, asking), _pipe() as (answering, answered):
            process = self._start(asked, answered)
            asked.close()
            answered.close()
            end = threading.Timer(seconds, process.kill)
            end.start()
            try:
                with asker.when_gone(process.kill):
                    _tell(asking, written(spelt_out(question), seconds))
                    answer = _heard(answering)
            finally:
                end.cancel()
                process.kill()
                process.wait()
        if not answer and asker.is_gone:
            raise Trouble("GONE")
        if not answer and time.monotonic() >= deadline:
            raise Trouble("NO_ANSWER", seconds=round(seconds))
        return _pin(answer, seconds)

    def _start(self, asked: FileIO, answered: FileIO) -> "subprocess.Popen[bytes]":
        try:
            return subprocess.Popen(  # noqa: S603 - this program's own module
                self.command,
                stdin=asked,
                stdout=answered,
                **surroundings(),
            )
        except OSError:
            raise Trouble("NO_SCREEN") from None


@contextmanager
def _pipe() -> Iterator[tuple[FileIO, FileIO]]:
    """Its two ends, without buffers that would keep what went through."""
    out, into = os.pipe()
    with FileIO(out, "r") as reading, FileIO(into, "w") as writing:
        yield reading, writing


def _tell(asking: FileIO, told: bytes) -> None:
    left = memoryview(told)
    try:
        while left:
            left = left[asking.write(left) :]
    except OSError:  # not always a BrokenPipeError: on Windows EINVAL
        return  # it died; that there is no answer tells it


def _heard(answering: FileIO) -> bytearray:
    answer, size = bytearray(ANSWER_BYTES_MAX), 0
    with memoryview(answer) as whole:
        while got := answering.readinto(whole[size:]):
            size += got
    del answer[size:]
    return answer


def _pin(answer: bytearray, seconds: float) -> Pin:
    """Wipes the answer. Raises Trouble."""
    try:
        if answer.startswith(PIN):
            del answer[: len(PIN)]
            return Pin.typed(answer)
        code = answer.decode("ascii", "replace")
        raise Trouble(code if code in CODES else "NO_SCREEN", seconds=round(seconds))
    finally:
        answer[:] = bytes(len(answer))
