"""Liveness from progress: a process that has work and does not move is not alive."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic


@dataclass
class _Activity:
    waiting: bool = False  # whether there is work
    since: float = field(default_factory=monotonic)  # of the last sign of life


@dataclass
class Progress:
    """Signs of life of each activity (pipeline, relay, loop). Safe for many threads."""

    stall_seconds_max: float
    clock: Callable[[], float] = monotonic
    _activities: dict[str, _Activity] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _missing: set[str] = field(default_factory=set)

    def working(self, activity: str) -> None:
        """There is work; the clock runs from the first time this is said without progress."""
        with self._lock:
            known = self._activities.setdefault(activity, _Activity(since=self.clock()))
            if not known.waiting:
                known.waiting, known.since = True, self.clock()

    def moved(self, activity: str) -> None:
        """Something got done, or a store that is away was tried once more."""
        with self._lock:
            self._activities.setdefault(activity, _Activity()).since = self.clock()

    def idle(self, activity: str) -> None:
        """There is no work."""
        with self._lock:
            known = self._activities.setdefault(activity, _Activity())
            known.waiting, known.since = False, self.clock()

    def is_working(self, activity: str) -> bool:
        """Whether that activity has work in hand."""
        with self._lock:
            known = self._activities.get(activity)
            return known is not None and known.waiting

    def activities(self) -> list[str]:
        """What has been heard of so far."""
        with self._lock:
            return list(self._activities)

    def stalled(self) -> dict[str, float]:
        """Activities with work and no progress for too long, with their seconds."""
        now = self.clock()
        with self._lock:
            return {
                name: now - known.since
                for name, known in self._activities.items()
                if known.waiting and now - known.since > self.stall_seconds_max
            }

    def lacks(self, part: str) -> None:
        """Not ready: `part` (a store, the migration, the group) is missing."""
        with self._lock:
            self._missing.add(part)

    def has(self, part: str) -> None:
        """That part is there."""
        with self._lock:
            self._missing.discard(part)

    def missing(self) -> list[str]:
        """Why it is not ready."""
        with self._lock:
            return sorted(self._missing)
