"""A smart card service of our own for a test: pcscd with one virtual reader on a free port."""

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


@dataclass
class Service:
    """One for the machine: where it listens is fixed when it is built."""

    place: Path
    port: int = 0
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

    def start(self, *, has_reader: bool = True) -> None:
        """Start it, instead of one that runs already, and wait until it answers."""
        subprocess.run(["pkill", "-x", "pcscd"], check=False)
        self.port = self.port or _free_port()
        driver = next(each for each in _DRIVERS if each.exists())
        readers = self.place / "readers"  # pcscd takes each file of this folder for settings
        readers.mkdir(exist_ok=True)
        settings = (
            f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:0x{self.port:X}\n'
            f"LIBPATH {driver}\nCHANNELID 0x{self.port:X}\n"
        )
        (readers / "vpcd").write_text(settings if has_reader else "")
        with (self.place / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["pcscd", "--foreground", "--config", str(readers)], stdout=log, stderr=log
            )
        deadline = time.monotonic() + 10
        while not (_SOCKET.exists() and _listens(self.port) == has_reader):
            assert time.monotonic() < deadline, (self.place / "log").read_text()
            assert self._process.poll() is None, (self.place / "log").read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None


def _free_port() -> int:
    for port in range(_FIRST_PORT, _LAST_PORT, 2):  # a reader has two slots, on two ports
        if not _listens(port) and not _listens(port + 1):
            return port
    raise AssertionError("no free port")


def _listens(port: int) -> bool:
    """By the kernel's table: a connection would be taken for a card."""
    wanted = f":{port:04X} "
    table = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    return any(wanted in line and " 0A " in line for line in table.splitlines())
