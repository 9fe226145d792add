"""Open a file in whatever program this computer opens such files with."""

import os
import subprocess
import sys
from contextlib import suppress

_OPENERS = {"darwin": "open"}


def open_file(path: str) -> None:
    """Does nothing where there is no such program: the path is shown too."""
    with suppress(OSError):
        if sys.platform == "win32":
            os.startfile(path)  # noqa: S606 - a file of our own, by its type
            return
        subprocess.Popen(  # noqa: S603 - the desktop's own program
            (_OPENERS.get(sys.platform, "xdg-open"), path),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
