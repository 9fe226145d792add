"""A smart card service of our own: pcscd with one virtual reader (vpcd) on a free port.

There can be one pcscd on a machine, for the place where it listens is fixed when it is built. One
that runs already is stopped, so this is for machines where tests and measurements run.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_DRIVERS = (
    Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so"),
    Path("/usr/lib/x86_64-linux-gnu/pcsc/drivers/serial/libifdvpcd.so"),
)
_SOCKET, _PID = Path("/run/pcscd/pcscd.comm"), Path("/run/pcscd/pcscd.pid")
# below what clients' own ends take, for a port in TIME_WAIT cannot be listened on here
_FIRST_PORT, _LAST_PORT = 25_000, 30_000
_SECONDS_MAX = 10.0


@dataclass
class Service:
    """The service; `place` is a folder for its settings and its log."""

    place: Path
    port: int = 0  # of the virtual reader
    _process: "subprocess.Popen[bytes] | None" = field(default=None)

    @staticmethod
    def lacks() -> list[str]:
        """What has to be installed first."""
        missing = [] if shutil.which("pcscd") else ["pcscd"]
        if not any(driver.exists() for driver in _DRIVERS):
            missing.append("vsmartcard-vpcd")
        if os.geteuid():
            missing.append("the right to start pcscd (root)")
        return missing

    def start(self) -> None:
        """Start it and wait until it answers. Raises RuntimeError with its log."""
        _stop_another()
        self.port = self.port or _free_port()
        driver = next(each for each in _DRIVERS if each.exists())
        readers = self.place / "readers"  # pcscd takes each file of this folder for settings
        readers.mkdir(exist_ok=True)
        (readers / "vpcd").write_text(
            f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:0x{self.port:X}\n'
            f"LIBPATH {driver}\nCHANNELID 0x{self.port:X}\n"
        )
        with self._log.open("ab") as log:
            self._process = process = subprocess.Popen(  # noqa: S603 - our own command
                [shutil.which("pcscd") or "pcscd", "--foreground", "--config", str(readers)],
                stdout=log,
                stderr=log,
            )
        if not _becomes(lambda: _is_there(self.port) or process.poll() is not None):
            raise RuntimeError(f"pcscd does not answer:\n{self._log.read_text()}")
        if process.poll() is not None:
            raise RuntimeError(f"pcscd ended:\n{self._log.read_text()}")

    def stop(self) -> None:
        """Stop it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_SECONDS_MAX)
            self._process = None

    @property
    def _log(self) -> Path:
        return self.place / "log"


def _stop_another() -> None:
    with suppress(OSError, ValueError):
        number = int(_PID.read_text())
        if _runs(number):
            os.kill(number, signal.SIGTERM)
            _becomes(lambda: not _runs(number))


def _runs(number: int) -> bool:
    """Whether this process is pcscd; one that ended and was not waited for has no command line."""
    command = Path(f"/proc/{number}/cmdline")
    return command.exists() and b"pcscd" in command.read_bytes()


def _becomes(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _SECONDS_MAX
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _is_there(port: int) -> bool:
    return _SOCKET.exists() and _listens(port)


def _free_port() -> int:
    for port in range(_FIRST_PORT, _LAST_PORT, 2):  # a reader has two slots, on two ports
        if not _listens(port) and not _listens(port + 1):
            return port
    raise RuntimeError("no free port")


def _listens(port: int) -> bool:
    """By the kernel's table: a connection would be taken for a card."""
    wanted = f":{port:04X} "
    table = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    return any(wanted in line and " 0A " in line for line in table.splitlines())
