"""Processes of this program's own beside it: each does one thing that is better kept apart."""

import os
import subprocess
import sys
from typing import Any

_NO_CONSOLE: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows opens one else


def command(module: str) -> tuple[str, ...]:
    """How to run a module of this program; the folder that it is started in adds nothing to it."""
    return sys.executable, "-P", "-m", module


def surroundings() -> dict[str, Any]:
    """What `subprocess` is told about each: it imports what we would; our terminal is not its."""
    known = os.pathsep.join(place for place in sys.path if place)
    return {
        "env": os.environ | {"PYTHONPATH": known},
        "creationflags": _NO_CONSOLE,
        "start_new_session": True,
    }
