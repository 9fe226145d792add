"""Commands to a card and its answers (ISO 7816-4): chaining, GET RESPONSE, status words."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from card_signer.troubles import Trouble

# a command's bytes in, the answer's data and status word out; raises Trouble REMOVED, GARBLED
Transmit = Callable[[bytes], tuple[bytes, int]]

OK = 0x9000
NOT_FOUND = 0x6A82
NO_SUCH_REFERENCE = 0x6A88
PIN_BLOCKED = 0x6983
NEEDS_PIN = 0x6982
_MORE, _WRONG_LE = 0x61, 0x6C
_CHAINED = 0x10
_DATA_MAX = 255
_ANSWER_MAX = 16 * 1024
_ROUNDS_MAX = _ANSWER_MAX // 64  # a card that sends little each time does not keep us for ever


class Answer(NamedTuple):
    """What a card said: data, and a status word of two bytes."""

    data: bytes
    status: int

    @property
    def is_ok(self) -> bool:
        """Whether it did what it was told."""
        return self.status == OK

    def expect(self, what: str) -> bytes:
        """The data. Raises Trouble GARBLED when the card refused."""
        if not self.is_ok:
            raise Trouble("GARBLED", what=f"{what}: {self.status:04X}")
        return self.data


@dataclass(frozen=True)
class Channel:
    """A card that is spoken to."""

    transmit: Transmit

    def send(self, ins: int, p1: int, p2: int, data: bytes = b"", *, le: bool = True) -> Answer:
        """One command, in as many pieces as it takes, and all of the answer to it."""
        while len(data) > _DATA_MAX:
            piece, data = data[:_DATA_MAX], data[_DATA_MAX:]
            answer = self._exchange(bytes([_CHAINED, ins, p1, p2, len(piece)]) + piece)
            if not answer.is_ok:
                return answer
        command = bytes([0, ins, p1, p2])
        if data:
            command += bytes([len(data)]) + data
        if le:
            command += b"\0"
        return self._whole(self._exchange(command), command)

    def _whole(self, answer: Answer, command: bytes) -> Answer:
        if answer.status >> 8 == _WRONG_LE:  # it wants to be asked for just so many bytes
            answer = self._exchange(command[:-1] + bytes([answer.status & 0xFF]))
        data = answer.data
        for _ in range(_ROUNDS_MAX):
            if answer.status >> 8 != _MORE:
                return Answer(data, answer.status)
            answer = self._exchange(bytes([0, 0xC0, 0, 0, answer.status & 0xFF]))
            data += answer.data
            if len(data) > _ANSWER_MAX:
                break
        raise Trouble("GARBLED", what=f"more than {_ANSWER_MAX} bytes")

    def _exchange(self, command: bytes) -> Answer:
        return Answer(*self.transmit(command))
