"""Whoever sits before the card signer's terminal: reads what it asks, types the PIN."""

import os
import pty
import re
import termios
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

_PROMPT = "同意请输入密码"
_STYLES = re.compile(r"\x1b\[[0-9;]*m")
_ROWS, _COLUMNS = 60, 120
_READ_BYTES = 4096


@dataclass
class Person:
    """A pseudo-terminal and its user, who agrees to everything; `shown` hears what was shown."""

    pin: str
    shown: Callable[[list[str]], None]
    device: str = ""
    _master: int = -1
    _slave: int = -1
    _thread: threading.Thread | None = field(default=None)

    def sit_down(self) -> None:
        """Open the terminal `device` and watch it."""
        self._master, self._slave = pty.openpty()
        termios.tcsetwinsize(self._slave, (_ROWS, _COLUMNS))
        self.device = os.ttyname(self._slave)
        self._thread = threading.Thread(target=self._watch, name="person", daemon=True)
        self._thread.start()

    def leave(self) -> None:
        """Close the terminal."""
        for end in (self._slave, self._master):
            with suppress(OSError):
                os.close(end)

    def _watch(self) -> None:
        seen = b""
        with suppress(OSError):  # the terminal was closed
            while piece := os.read(self._master, _READ_BYTES):
                seen += piece
                text = _STYLES.sub("", seen.decode("utf-8", "ignore"))
                if _PROMPT in text:
                    self.shown([line for line in map(str.strip, text.splitlines()) if line])
                    os.write(self._master, f"{self.pin}\n".encode())
                    seen = b""
