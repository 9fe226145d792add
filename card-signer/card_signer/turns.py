"""How often cards may be used: one operation at a time, so many a minute, each nonce once."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

from card_signer.troubles import Trouble

_MINUTE_SECONDS = 60.0
_NONCES_MAX = 10_000
_NONCE_MIN, _NONCE_MAX = 16, 256


@dataclass
class Turns:
    """Who may do something now."""

    a_minute: int  # operations that a site may ask
    _one: threading.Lock = field(default_factory=threading.Lock)  # held while the user reads
    _recent: dict[str, deque[float]] = field(default_factory=dict)
    _nonces: dict[str, None] = field(default_factory=dict)

    @contextmanager
    def one(self, origin: str) -> Iterator[None]:
        """Nobody else meanwhile. Raises Trouble BUSY, TOO_OFTEN."""
        if not self._one.acquire(blocking=False):
            raise Trouble("BUSY")
        try:
            self._count(origin)
            yield
        finally:
            self._one.release()

    def use_up(self, nonce: str) -> None:
        """Raises Trouble NONCE when it was used before."""
        if nonce in self._nonces:
            raise Trouble("NONCE")
        self._nonces[nonce] = None
        if len(self._nonces) > _NONCES_MAX:
            del self._nonces[next(iter(self._nonces))]

    def _count(self, origin: str) -> None:
        recent = self._recent.setdefault(origin, deque())
        while recent and monotonic() - recent[0] > _MINUTE_SECONDS:
            recent.popleft()
        if len(recent) >= self.a_minute:
            left = _MINUTE_SECONDS - (monotonic() - recent[0])
            raise Trouble("TOO_OFTEN", seconds=max(1, round(left)))
        recent.append(monotonic())


def check_nonce(nonce: str) -> None:
    """Raises Trouble BAD_REQUEST for what is none."""
    if not (_NONCE_MIN <= len(nonce) <= _NONCE_MAX and nonce.isascii() and nonce.isprintable()):
        raise Trouble("BAD_REQUEST", what="nonce")
