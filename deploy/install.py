"""Set up a virtual environment from its lock: run by `make`, before any package is there.

`install.py` sets up `.venv`, `install.py card` sets up `.venv-card`. Standard library only. Does
nothing when all is up to date; mends what a killed set-up left.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TextIO

ROOT = Path(__file__).resolve().parents[1]
_ROOM_BYTES_MIN = 1536 * 1024 * 1024
_TELL_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Environment:
    """One virtual environment."""

    name: str  # of its folder
    lock: Path
    project: tuple[str, ...]  # what of this tree pip installs into it, besides the lock
    made_of: tuple[Path, ...]  # files and folders; a change of them asks for a new set-up

    @property
    def folder(self) -> Path:
        """Where it is."""
        return ROOT / self.name

    @property
    def python(self) -> Path:
        """Its Python."""
        return self.folder / "bin" / "python"

    @property
    def stamp(self) -> Path:
        """Says what it was made from, when all is done."""
        return self.folder / "set-up"

    @property
    def under_way(self) -> Path:
        """Is there while packages are installed."""
        return self.folder / "set-up-under-way"

    @property
    def log(self) -> Path:
        """Everything that pip says."""
        return self.folder / "set-up.log"


_CARD = ROOT / "card-signer"
ENVIRONMENTS = {
    "": Environment(
        ".venv", ROOT / "requirements.lock", ("-e", str(ROOT)), (ROOT / "pyproject.toml",)
    ),
    # the program as its users install it: not editable, so every file counts
    "card": Environment(
        ".venv-card",
        _CARD / "requirements.lock",
        (str(_CARD),),
        (_CARD, ROOT / "libs" / "messages", ROOT / "libs" / "signing"),
    ),
}


class SetUpFailed(Exception):
    """The set-up cannot go on; the text says why and what to do."""


def main() -> int:
    """Bring an environment up to date; the exit code is 0 when it is."""
    wanted = "".join(sys.argv[1:])
    if wanted not in ENVIRONMENTS:
        print(f"set-up: no environment {wanted}", file=sys.stderr)
        return 2
    environment = ENVIRONMENTS[wanted]
    try:
        if not _is_up_to_date(environment):
            _set_up(environment)
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


def _is_up_to_date(environment: Environment) -> bool:
    if not (environment.python.exists() and environment.stamp.exists()):
        return False
    return environment.stamp.read_text() == _fingerprint(environment)


def _fingerprint(environment: Environment) -> str:
    """What the environment is made from; scripts name their place, so that counts too."""
    found = hashlib.sha256(str(ROOT).encode())
    for path in (environment.lock, Path(__file__), *_files(environment.made_of)):
        found.update(b"\0" + path.read_bytes())
    return found.hexdigest()


def _files(paths: tuple[Path, ...]) -> Iterator[Path]:
    for path in paths:
        if path.is_file():
            yield path
        for each in sorted(path.rglob("*")):
            if each.is_file() and "__pycache__" not in each.parts:
                yield each


def _set_up(environment: Environment) -> None:
    began, name = monotonic(), environment.name
    if shutil.disk_usage(ROOT).free < _ROOM_BYTES_MIN:
        raise SetUpFailed(
            f"less than {_ROOM_BYTES_MIN // 2**20} MB are free on the disk of {ROOT}: "
            "free some space and run the same command again"
        )
    environment.stamp.unlink(missing_ok=True)
    if not _is_sound(environment):
        # below an activated .venv this would be the Python that is about to be cleared away
        base = getattr(sys, "_base_executable", sys.executable)
        print(f"… making {name} with Python {platform.python_version()}", flush=True)
        subprocess.run([base, "-m", "venv", "--clear", str(environment.folder)], check=True)  # noqa: S603 - our own command
    print(f"… installing the locked packages into {name}", flush=True)
    environment.under_way.touch()
    _pip(environment, "--require-hashes", "-r", str(environment.lock))
    # hatchling comes from the lock, so nothing is fetched for the project itself
    _pip(environment, "--no-deps", "--no-build-isolation", *environment.project)
    environment.under_way.unlink()
    environment.stamp.write_text(_fingerprint(environment))
    print(f"✓ {name} is ready ({monotonic() - began:.0f} s)", flush=True)


def _is_sound(environment: Environment) -> bool:
    """Whether the environment is one to build on: it works, and was not left half-installed."""
    if not environment.python.exists() or environment.under_way.exists():
        return False
    question = "import pip, sys; sys.exit(sys.version_info < (3, 11))"
    answer = subprocess.run(  # noqa: S603 - our own command
        [str(environment.python), "-c", question], capture_output=True, check=False
    )
    return answer.returncode == 0


def _pip(environment: Environment, *what: str) -> None:
    """Install, showing how far it is; everything pip says goes to a log."""
    command = [str(environment.python), "-m", "pip", "install", "--no-input", *what]
    with environment.log.open("a") as log:
        child = subprocess.Popen(  # noqa: S603 - our own command
            [*command, "--progress-bar", "off", "--disable-pip-version-check"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        tail = _follow(child, log, environment.lock.read_text().count("=="))
    if child.returncode:
        raise SetUpFailed(
            "pip could not install the packages:\n    "
            + "\n    ".join(tail)
            + f"\nThe whole log: {environment.log}. Check the network and run the same command "
            "again: what is downloaded is kept."
        )


def _follow(child: "subprocess.Popen[str]", log: TextIO, total: int) -> list[str]:
    """Copy what pip says to the log, tell now and then how far it is, and return its last lines."""
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
