"""A smart card service with one virtual reader on a free port: pcscd and vsmartcard's vpcd.

There is one such service on a machine: where it listens is fixed when it is built.
"""

import os
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

_DRIVERS = (
    Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so"),
    Path("/usr/lib/x86_64-linux-gnu/pcsc/drivers/serial/libifdvpcd.so"),
)
_SOCKET = Path("/run/pcscd/pcscd.comm")
# below what clients' own ends take, for a port in TIME_WAIT cannot be listened on here
_FIRST_PORT, _LAST_PORT = 25_000, 30_000
_START_SECONDS = 10.0
_PAUSE_SECONDS = 0.05


class ServiceFailed(RuntimeError):
    """It cannot run; the text says why and what to do."""


@dataclass
class Service:
    """The service; `place` is a folder for its settings and its log."""

    place: Path
    port: int = 0  # of the virtual reader
    _process: "subprocess.Popen[bytes] | None" = field(default=None)

    @staticmethod
    def lacks() -> list[str]:
        """What has to be installed first."""
        missing = [name for name in ("pcscd",) if not shutil.which(name)]
        if not any(driver.exists() for driver in _DRIVERS):
            missing.append("vsmartcard-vpcd")
        if os.geteuid():
            missing.append("the right to start pcscd (root)")
        return missing

    def start(self, *, instead: bool = False, has_reader: bool = True) -> None:
        """Start it and wait until it answers; `instead` of one that runs already.

        Raises ServiceFailed.
        """
        program = shutil.which("pcscd")
        driver = next((each for each in _DRIVERS if each.exists()), None)
        if program is None or driver is None:
            raise ServiceFailed(f"not installed: {', '.join(self.lacks())}")
        if running := _running():
            if not instead:
                raise ServiceFailed(
                    "a smart card service runs already, and there can be one only: stop it first "
                    "(systemctl stop pcscd.socket pcscd)"
                )
            _end(running)
        self.port = self.port or _free_port()
        readers = self.place / "readers"  # pcscd takes each file of this folder for settings
        readers.mkdir(exist_ok=True)
        reader = (
            f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:0x{self.port:X}\n'
            f"LIBPATH {driver}\nCHANNELID 0x{self.port:X}\n"
        )
        (readers / "vpcd").write_text(reader if has_reader else "")
        with (self.place / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - what `which` found
                [program, "--foreground", "--config", str(readers)], stdout=log, stderr=log
            )
        self._wait(self._process, has_reader=has_reader)

    def stop(self) -> None:
        """Stop it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def _wait(self, process: "subprocess.Popen[bytes]", *, has_reader: bool) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not (_SOCKET.exists() and _listens(self.port) == has_reader):
            if time.monotonic() > deadline or process.poll() is not None:
                self.stop()
                raise ServiceFailed(f"pcscd does not start; its log is {self.place / 'log'}")
            time.sleep(_PAUSE_SECONDS)


def _running() -> list[int]:
    found = []
    for name in Path("/proc").glob("[0-9]*/comm"):
        try:
            ended = ") Z " in (name.parent / "stat").read_text()
            if name.read_text().strip() == "pcscd" and not ended:
                found.append(int(name.parent.name))
        except OSError:
            continue  # it ended meanwhile
    return found


def _end(processes: list[int]) -> None:
    for process in processes:
        os.kill(process, 15)
    deadline = time.monotonic() + _START_SECONDS
    while _running() and time.monotonic() < deadline:
        time.sleep(_PAUSE_SECONDS)


def _free_port() -> int:
    for port in range(_FIRST_PORT, _LAST_PORT, 2):  # a reader has two slots, on two ports
        if not _listens(port) and not _listens(port + 1):
            return port
    raise ServiceFailed(f"no port is free between {_FIRST_PORT} and {_LAST_PORT}")


def _listens(port: int) -> bool:
    """By the kernel's table: a connection would be taken for a card."""
    wanted = f":{port:04X} "
    table = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    return any(wanted in line and " 0A " in line for line in table.splitlines())
