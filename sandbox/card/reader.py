"""The wire to a virtual reader (vsmartcard's vpcd): the card connects, the reader asks.

Each message is a length of two bytes and so many bytes. One byte alone is a control: 0 power off,
1 power on, 2 reset, 4 tell the ATR; anything else is a command for the card.
"""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from sandbox.card.objects import ATR

PORT = 35963  # where vpcd listens unless told otherwise
_LENGTH_BYTES = 2
_TELL_ATR = 4


class Chip(Protocol):
    """What is behind the contacts."""

    def reset(self) -> None:
        """Power came, or a reset."""

    def answer(self, command: bytes) -> bytes:
        """One APDU in, one out."""


@dataclass
class Inserted:
    """A card in a virtual reader; `pull()` takes it out."""

    chip: Chip
    line: socket.socket
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._run, name="card", daemon=True)
        self.thread.start()

    def pull(self) -> None:
        """Take the card out."""
        with suppress(OSError):
            self.line.shutdown(socket.SHUT_RDWR)
        self.line.close()
        self.thread.join(5)

    def _run(self) -> None:
        controls: dict[int, Callable[[], bytes | None]] = {
            0: self._reset,
            1: self._reset,
            2: self._reset,
            _TELL_ATR: lambda: ATR,
        }
        try:
            while (message := _read(self.line)) is not None:
                if len(message) == 1:
                    told = controls.get(message[0], self._reset)()
                else:
                    told = self.chip.answer(message)
                if told is not None:
                    self.line.sendall(len(told).to_bytes(_LENGTH_BYTES, "big") + told)
        except OSError:
            return  # pulled
        finally:
            self.line.close()  # a reader would wait for the answer of a card that says nothing

    def _reset(self) -> None:
        self.chip.reset()


def insert(chip: Chip, port: int = PORT, host: str = "127.0.0.1") -> Inserted:
    """Put a card into the virtual reader that listens there. Raises OSError when none does."""
    return Inserted(chip, socket.create_connection((host, port), timeout=None))


def _read(line: socket.socket) -> bytes | None:
    head = _exactly(line, _LENGTH_BYTES)
    return None if head is None else _exactly(line, int.from_bytes(head, "big"))


def _exactly(line: socket.socket, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        _acknowledge_at_once(line)
        piece = line.recv(size - len(data))
        if not piece:
            return None
        data += piece
    return data


def _acknowledge_at_once(line: socket.socket) -> None:
    """The reader sends a length and then the bytes; it would wait 40 ms between the two.

    Linux forgets this again and again, so it is said before each time that we wait.
    """
    if hasattr(socket, "TCP_QUICKACK"):
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
