"""The card as a process of its own, as a card is: it answers whatever this process waits for."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.card.__main__ import PIN_VARIABLE

_SECONDS_MAX = 10.0


@contextmanager
def card_apart(
    key: Path, certificate: Path, pin: str, port: int
) -> Iterator["subprocess.Popen[bytes]"]:
    """In the virtual reader at `port` until the end, or until the process is terminated.

    `key` and `certificate` are PEM files. Raises RuntimeError when there is no such card or reader.
    """
    command = [sys.executable, "-m", "sandbox.card", str(key), str(certificate)]
    with subprocess.Popen(  # noqa: S603 - our own command
        [*command, "--port", str(port)],
        env={**os.environ, PIN_VARIABLE: pin},
        stdout=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            if not process.stdout.readline():
                raise RuntimeError("the card did not go in")
            yield process
        finally:
            process.terminate()
            process.wait(_SECONDS_MAX)
