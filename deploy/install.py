"""Set up `.venv` from `requirements.lock`: run by `make setup`, before any package is there.

Standard library only. Does nothing when all is up to date; mends what a killed set-up left.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections import deque
from pathlib import Path
from time import monotonic
from typing import TextIO

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "set-up"
UNDER_WAY = VENV / "set-up-under-way"
LOG = VENV / "set-up.log"
_ROOM_BYTES_MIN = 1536 * 1024 * 1024
_TELL_SECONDS = 3.0


class SetUpFailed(Exception):
    """The set-up cannot go on; the text says why and what to do."""


def main() -> int:
    """Bring `.venv` up to date; the exit code is 0 when it is."""
    try:
        if PYTHON.exists() and STAMP.exists() and STAMP.read_text() == _fingerprint():
            return 0
        _set_up()
    except SetUpFailed as problem:
        print(f"set-up: {problem}", file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"set-up: {problem.strerror}: {problem.filename}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("set-up: interrupted; run the same command again to go on", file=sys.stderr)
        return 130
    return 0


def _fingerprint() -> str:
    """What the environment is made from; scripts name their place, so that counts too."""
    parts = [LOCK.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), Path(__file__).read_bytes()]
    return hashlib.sha256(b"\0".join([*parts, str(ROOT).encode()])).hexdigest()


def _set_up() -> None:
    began = monotonic()
    if shutil.disk_usage(ROOT).free < _ROOM_BYTES_MIN:
        raise SetUpFailed(
            f"less than {_ROOM_BYTES_MIN // 2**20} MB are free on the disk of {ROOT}: "
            "free some space and run the same command again"
        )
    STAMP.unlink(missing_ok=True)
    if not _is_sound():
        # below an activated .venv this would be the Python that is about to be cleared away
        base = getattr(sys, "_base_executable", sys.executable)
        print(f"… making .venv with Python {platform.python_version()}", flush=True)
        subprocess.run([base, "-m", "venv", "--clear", str(VENV)], check=True)  # noqa: S603 - our own command
    print("… installing the locked packages into .venv", flush=True)
    UNDER_WAY.touch()
    _pip("--require-hashes", "-r", str(LOCK))
    # hatchling comes from the lock, so nothing is fetched for the project itself
    _pip("--no-deps", "--no-build-isolation", "-e", str(ROOT))
    UNDER_WAY.unlink()
    STAMP.write_text(_fingerprint())
    print(f"✓ .venv is ready ({monotonic() - began:.0f} s)", flush=True)


def _is_sound() -> bool:
    """Whether the environment is one to build on: it works, and was not left half-installed."""
    if not PYTHON.exists() or UNDER_WAY.exists():
        return False
    question = "import pip, sys; sys.exit(sys.version_info < (3, 11))"
    answer = subprocess.run([str(PYTHON), "-c", question], capture_output=True, check=False)  # noqa: S603 - our own command
    return answer.returncode == 0


def _pip(*what: str) -> None:
    """Install, showing how far it is; everything pip says goes to a log."""
    command = [str(PYTHON), "-m", "pip", "install", "--no-input", *what]
    with LOG.open("a") as log:
        child = subprocess.Popen(  # noqa: S603 - our own command
            [*command, "--progress-bar", "off", "--disable-pip-version-check"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        tail = _follow(child, log)
    if child.returncode:
        raise SetUpFailed(
            "pip could not install the packages:\n    "
            + "\n    ".join(tail)
            + f"\nThe whole log: {LOG}. Check the network and run the same command again: "
            "what is downloaded is kept."
        )


def _follow(child: "subprocess.Popen[str]", log: TextIO) -> list[str]:
    """Copy what pip says to the log, tell now and then how far it is, and return its last lines."""
    total = LOCK.read_text().count("==")
    tail: deque[str] = deque(maxlen=4)
    collected, told = 0, monotonic()
    for line in child.stdout or ():
        log.write(line)
        tail.append(line.rstrip()[:300])
        if line.startswith("Collecting "):
            collected += 1
            if monotonic() - told > _TELL_SECONDS:
                told = monotonic()
                print(f"  … fetched {collected} of about {total} packages", flush=True)
        elif collected and line.startswith("Installing collected"):
            print("  … installing them", flush=True)
    child.wait()
    return list(tail)


if __name__ == "__main__":
    sys.exit(main())
