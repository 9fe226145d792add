"""Outbox rows that were committed by this process and are not published yet; a bounded few."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from libs.service.outbox import Outbound, Waiting

_BYTES_MAX = 16 * 1024 * 1024


@dataclass
class AtHand:
    """Messages by their numbers. One that is not here is read from the database."""

    bytes_max: int = _BYTES_MAX
    _messages: OrderedDict[int, Outbound] = field(default_factory=OrderedDict)
    _bytes: int = 0

    @property
    def messages(self) -> Mapping[int, Outbound]:
        """By number."""
        return self._messages

    def add(self, rows: Sequence[Waiting]) -> None:
        """Keep these, in the order of their numbers, as far as there is room."""
        for row in rows:
            size = len(row.message.body)
            if self._bytes + size > self.bytes_max:
                return
            self._messages[row.seq] = row.message
            self._bytes += size

    def drop(self, through: int) -> None:
        """Forget what is published: everything up to this number."""
        while self._messages and next(iter(self._messages)) <= through:
            _, message = self._messages.popitem(last=False)
            self._bytes -= len(message.body)

    def clear(self) -> None:
        """Forget all."""
        self._messages.clear()
        self._bytes = 0
