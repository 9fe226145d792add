"""One program that serves on this computer for each user: a lock that goes with its process."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from card_signer.troubles import Trouble

_LOCK, _PID = "serve.lock", "serve.pid"


@contextmanager
def single(state: Path) -> Iterator[None]:
    """Be the one. Raises Trouble RUNNING; STATE when the folder cannot be used.

    The system holds the lock, so one that was killed leaves nothing behind that is in the way; the
    number beside it only tells whom to stop.
    """
    lock = FileLock(state / _LOCK, blocking=False)
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise Trouble("RUNNING", pid=_holder(state)) from None
    except OSError as error:
        raise Trouble("STATE", what=f"{state}: {error.strerror}") from None
    try:
        (state / _PID).write_text(str(os.getpid()))
        yield
    finally:
        lock.release()


def _holder(state: Path) -> str:
    try:
        return (state / _PID).read_text()[:10].strip() or "?"
    except OSError:
        return "?"
