"""A desktop for a test: an X server without a screen, a window manager, a hand on the keyboard."""

import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_PROGRAMS = {"Xvfb": "xvfb", "xdotool": "xdotool", "openbox": "openbox"}
_SECONDS = 10.0
_UNTIL_READY_SECONDS = 1.8  # a window is agreed to only after a second in sight and in silence


def lacks() -> list[str]:
    """What has to be installed first."""
    missing = [package for name, package in _PROGRAMS.items() if not shutil.which(name)]
    if importlib.util.find_spec("_tkinter") is None:
        missing.append("python3-tk")
    return missing


@contextmanager
def desktop() -> Iterator["Desktop"]:
    """One that programs started meanwhile find by DISPLAY."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1000x800x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as server:
        os.close(write)
        with os.fdopen(read) as said:
            number = said.readline().strip()
        before = os.environ.get("DISPLAY")
        os.environ["DISPLAY"] = f":{number}"
        try:
            with subprocess.Popen(["openbox"], stderr=subprocess.DEVNULL) as manager:
                yield Desktop()
                manager.terminate()
        finally:
            os.environ.pop("DISPLAY")
            if before is not None:
                os.environ["DISPLAY"] = before
            server.terminate()


@dataclass
class Desktop:
    """What a user sees and does."""

    kind: str = "^card-signer$"

    def windows(self) -> list[str]:
        """The windows of the card signer that are in sight."""
        return xdotool("search", "--onlyvisible", "--class", self.kind).split()

    def wait_for_window(self) -> str:
        """Until there is one and it has the keyboard."""
        until(lambda: bool(self.windows()))
        (window,) = self.windows()
        until(lambda: xdotool("getactivewindow").strip() == window)
        return window

    def wait_until_ready(self) -> str:
        """Until it can be agreed to; nothing that could be seen from outside tells it."""
        window = self.wait_for_window()
        time.sleep(_UNTIL_READY_SECONDS)
        return window

    def press(self, *keys: str) -> None:
        """Keys by their X names, one after the other."""
        xdotool("key", "--delay", "20", *keys)

    def type(self, text: str) -> None:
        """Letters and digits."""
        xdotool("type", "--delay", "20", text)


def xdotool(*arguments: str) -> str:
    """What it says; nothing when it finds nothing."""
    done = subprocess.run(
        ["xdotool", *arguments], capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    return done.stdout


def until(holds: Callable[[], bool], seconds: float = _SECONDS) -> None:
    """Wait for it."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
