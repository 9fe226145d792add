"""Cards that come and go: whoever listens is told within a second."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from card_signer.card import Slot
from card_signer.desk import Desk
from card_signer.door.errors import as_error
from card_signer.holder import Holder
from card_signer.troubles import Trouble

Status = dict[str, Any]
_LOOK_SECONDS = 0.5


@dataclass
class Watch:
    """Looks at the readers in a thread of its own; the cards themselves only when one changed.

    Whether a card still counts is asked each time: it expires, or is revoked, in its reader.
    """

    desk: Desk
    _slots: list[Slot] | Trouble = field(default_factory=list)
    _holders: list[Holder] | Trouble = field(default_factory=list)
    _status: Status = field(default_factory=dict)
    _listeners: set[Callable[[Status], None]] = field(default_factory=set)
    _stop: threading.Event = field(default_factory=threading.Event)
    _looking: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        """Look until `stop`. Blocks."""
        while not self._stop.is_set():
            self._look()
            self._stop.wait(_LOOK_SECONDS)

    def stop(self) -> None:
        """End `run`."""
        self._stop.set()

    def now(self) -> Status:
        """{cards: [...], trouble: {...} | None}; fresh."""
        self._look()
        return self._status

    async def changes(self) -> AsyncIterator[Status]:
        """The status now, and each later one."""
        loop, queue = asyncio.get_running_loop(), asyncio.Queue[Status]()

        def told(status: Status) -> None:
            loop.call_soon_threadsafe(queue.put_nowait, status)

        self._listeners.add(told)
        try:
            last = await asyncio.to_thread(self.now)
            yield last
            while True:
                status = await queue.get()
                if status is not last:  # which the look above may have found
                    yield status
                last = status
        finally:
            self._listeners.discard(told)

    def _look(self) -> None:
        with self._looking:
            self._renew()

    def _renew(self) -> None:
        found: list[Slot] | Trouble
        try:
            found = self.desk.slots()
        except Trouble as trouble:
            found = trouble
        if found != self._slots or not self._status:
            self._slots, self._holders = found, self._read(found)
        status = self._told()
        if status == self._status:
            return
        self._status = status
        for told in tuple(self._listeners):
            told(status)

    def _read(self, found: list[Slot] | Trouble) -> list[Holder] | Trouble:
        try:
            return found if isinstance(found, Trouble) else self.desk.holders()
        except Trouble as trouble:
            return trouble

    def _told(self) -> Status:
        if isinstance(self._holders, Trouble):
            return {"cards": [], "trouble": as_error(self._holders)}
        return {"cards": [_card(holder, self.desk) for holder in self._holders], "trouble": None}


def _card(holder: Holder, desk: Desk) -> Status:
    trouble: Trouble | None = None
    try:
        desk.check(holder)
    except Trouble as found:
        trouble = found
    at = desk.now()
    return {
        "card": holder.fingerprint,
        "cardNo": holder.card,
        "certificateNo": holder.certificate_no,
        "role": holder.role,
        "uscc": holder.uscc,
        "company": holder.company,
        "holder": holder.person,
        "daysLeft": holder.days_left(at),
        "warnings": list(holder.warnings(at)),
        "trouble": as_error(trouble) if trouble else None,
    }
