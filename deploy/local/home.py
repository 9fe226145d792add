"""The one directory a local stack lives in, and the few facts it must remember."""

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import StackError

_ROOM_BYTES_MIN = 500 * 1024 * 1024  # Kafka's and PostgreSQL's data and logs, with air


@dataclass(frozen=True)
class Home:
    """Paths under `TONGBAO_HOME`; everything a stack writes is here, except the jar cache."""

    root: Path

    @property
    def pki(self) -> Path:
        """CA, revocation list, keys and certificates of services and partners."""
        return self.root / "pki"

    @property
    def cards(self) -> Path:
        """Software cards of the companies."""
        return self.root / "cards"

    @property
    def run(self) -> Path:
        """One record a running process."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """One log a process."""
        return self.root / "logs"

    @property
    def env(self) -> Path:
        """One settings file a process."""
        return self.root / "env"

    @property
    def objects(self) -> Path:
        """Object store: attachments and PDFs by SHA-256."""
        return self.root / "objects"

    @property
    def sandbox(self) -> Path:
        """What the sandbox's insurers and banks remember."""
        return self.root / "sandbox"

    @property
    def kafka(self) -> Path:
        """Kafka's settings and data."""
        return self.root / "kafka"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data."""
        return self.root / "postgres"

    def log_of(self, name: str) -> Path:
        """Log file of a process."""
        return self.logs / f"{name}.log"

    def prepare(self) -> None:
        """Make the directories.

        Raises: StackError when the place cannot be written or the disk is nearly full.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            # others may pass through, not look: PostgreSQL may have to run as another user
            self.root.chmod(0o711)
            for private in (self.pki, self.cards, self.run, self.logs, self.env, self.sandbox):
                private.mkdir(mode=0o700, exist_ok=True)
            for place in (self.objects, self.kafka):
                place.mkdir(mode=0o700, exist_ok=True)
            self.postgres.mkdir(mode=0o711, exist_ok=True)
        except OSError as error:
            raise StackError(
                f"cannot write to {self.root}: {error.strerror}. "
                "Choose another place with --home DIRECTORY (make: HOME_DIR=DIRECTORY)."
            ) from error
        self.check_room()

    @property
    def port_base(self) -> int | None:
        """The port base this home was last brought up with."""
        try:
            return int((self.root / "port-base").read_text())
        except (FileNotFoundError, ValueError):
            return None

    def remember(self, port_base: int) -> None:
        """Keep the port base, so that later commands need not be told."""
        write_private(self.root / "port-base", f"{port_base}\n")

    def check_room(self) -> None:
        """Raise StackError when the disk has too little room to start."""
        free = shutil.disk_usage(self.root).free
        if free < _ROOM_BYTES_MIN:
            raise StackError(
                f"only {free // 2**20} MB are free on the disk of {self.root}, "
                f"at least {_ROOM_BYTES_MIN // 2**20} MB are needed. Free some space, "
                "or choose another place with --home DIRECTORY (make: HOME_DIR=DIRECTORY)."
            )

    def passwords(self, names: Iterable[str]) -> dict[str, str]:
        """Random passwords by name, made once and kept in a file only its owner can read."""
        path = self.root / "passwords.json"
        known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        missing = [name for name in names if name not in known]
        if missing:
            known |= {name: secrets.token_urlsafe(24) for name in missing}
            write_private(path, json.dumps(known, indent=1))
        return known

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep a second `tongbao up` or `down` of the same home out; a crash frees the lock.

        Raises: StackError when another program holds it.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise StackError(
                    f"another program (pid {lock.read().strip() or 'unknown'}) is starting or "
                    f"stopping the stack in {self.root}. Wait for it, or choose another --home."
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner can read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
