"""Whoever asked, and whether they still wait: a page may go while its user reads."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Asker:
    """A page, or the command line, which never goes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._then: set[Callable[[], object]] = set()
        self.is_gone = False

    def leave(self) -> None:
        """Tell whoever works for it. From any thread."""
        with self._lock:
            self.is_gone = True
            for do in self._then:
                do()

    @contextmanager
    def when_gone(self, do: Callable[[], object]) -> Iterator[None]:
        """`do` is called once when the asker goes meanwhile, at once when it is gone already."""
        with self._lock:
            self._then.add(do)
            if self.is_gone:
                do()
        try:
            yield
        finally:
            with self._lock:
                self._then.discard(do)


_NOBODY = Asker()  # the command line
_CURRENT: ContextVar[Asker] = ContextVar("asker")


def current() -> Asker:
    """Who asked for what is done now; threads of a conversation inherit it."""
    return _CURRENT.get(_NOBODY)


@contextmanager
def asking() -> Iterator[Asker]:
    """For a new one, who leaves at the end."""
    asker = Asker()
    before = _CURRENT.set(asker)
    try:
        yield asker
    finally:
        _CURRENT.reset(before)
        asker.leave()
