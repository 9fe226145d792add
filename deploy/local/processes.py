"""Starting, finding again and stopping the stack's processes, and only those.

A process outlives the program that started it. It is found again by its record (pid and start
time) and, when the starter was killed before it could write one, by the mark in its environment or
by its command line. So none is ever started twice, and nobody else's is ever stopped.
"""

import atexit
import hashlib
import json
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep

import psutil

from deploy.local.errors import StackError, StartFailed
from deploy.local.home import Home, write_private

_MARK = "TONGBAO_PROCESS"
_LOG_BYTES_MAX = 16 * 1024 * 1024
_POLL_SECONDS = 0.05
_KILLED_SECONDS_MAX = 30.0  # a large process on a busy machine takes its time to be taken down
_STARTS = "=== starts"  # divides the runs in a log
_CLOCK_SECONDS = 2.0  # the system's boot time, from which start times are counted, may be corrected

_STOP_SIGNALS = {"postgres": signal.SIGINT}  # "fast": ends sessions, does not wait for them

# our children: the dead are reaped, and no Popen object is collected while its process runs
_children: dict[int, subprocess.Popen[bytes]] = {}


@atexit.register
def _let_go() -> None:
    """Children outlive us by design; the interpreter would warn of each that still runs."""
    for child in _children.values():
        if child.poll() is None:
            child.returncode = 0


@dataclass(frozen=True)
class Program:
    """What to run. `version` changes when the program must be started anew to be up to date."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    version: str = ""

    @property
    def fingerprint(self) -> str:
        """Digest of all that makes this program what it is; keeps no secret readable."""
        parts = [self.command, sorted(self.env.items()), str(self.cwd), self.version]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True)
class _Record:
    pid: int
    started: float
    fingerprint: str


@dataclass(frozen=True)
class Supervisor:
    """The processes of one home."""

    home: Home

    def running(self, name: str) -> psutil.Process | None:
        """The process recorded under this name, if it still runs."""
        record = self._record(name)
        process = _alive(record.pid) if record else None
        if record and process and abs(process.create_time() - record.started) < _CLOCK_SECONDS:
            return process
        return None

    def is_current(self, program: Program) -> bool:
        """Whether the program runs already, unchanged."""
        record = self._record(program.name)
        unchanged = record is not None and record.fingerprint == program.fingerprint
        return unchanged and self.running(program.name) is not None

    def start(self, program: Program) -> None:
        """Run a program unless it runs already, unchanged; a changed one is started anew."""
        if not self.is_current(program):
            self.stop([program.name])
            self._spawn(program)

    def stop(self, names: Iterable[str], seconds_max: float = 20.0) -> list[str]:
        """Ask these processes to stop, wait, and kill what does not. Returns who was running."""
        found = {name: self.find(name) for name in names}
        for name, processes in found.items():
            for process in processes:
                _send(process, _STOP_SIGNALS.get(name, signal.SIGTERM))
        everyone = [process for processes in found.values() for process in processes]
        for process in _wait_gone(everyone, seconds_max):
            _send(process, signal.SIGKILL)
        _must_go(everyone)
        for name in found:
            self._record_path(name).unlink(missing_ok=True)
        return [name for name, processes in found.items() if processes]

    def kill(self, name: str) -> None:
        """End whatever runs under this name at once: it must not write another byte."""
        processes = self.find(name)
        for process in processes:
            _send(process, signal.SIGKILL)
        _must_go(processes)
        self._record_path(name).unlink(missing_ok=True)

    def names(self) -> list[str]:
        """Names of all processes of this home that run, with or without a record."""
        recorded = {path.stem for path in self.home.run.glob("*.pid") if self.running(path.stem)}
        return sorted(recorded | {name for name, _ in self._marked()})

    def find(self, name: str) -> list[psutil.Process]:
        """Every process that runs under this name, orphans without a record included."""
        found = {process.pid: process for marked, process in self._marked() if marked == name}
        if (recorded := self.running(name)) is not None:
            found[recorded.pid] = recorded
        return [process for process in found.values() if _parent(process) not in found]

    def wait_until(
        self, program: Program, ready: Callable[[], bool], seconds_max: float = 60.0
    ) -> None:
        """Wait for a started program.

        Raises: StartFailed with the end of its log when it ends first or is not ready in time.
        """
        deadline = monotonic() + seconds_max
        while not ready():
            if self.running(program.name) is None:
                raise StartFailed(f"{program.name} ended right away. {self.log_tail(program.name)}")
            if monotonic() > deadline:
                raise StartFailed(
                    f"{program.name} was not ready after {seconds_max:.0f} s. "
                    + self.log_tail(program.name)
                )
            sleep(_POLL_SECONDS)

    def log_tail(self, name: str, lines: int = 12) -> str:
        """The last lines of a log and where the rest is."""
        path = self.home.log_of(name)
        text = path.read_text(errors="replace") if path.exists() else ""
        recent = text.rpartition(_STARTS)[2].splitlines()[1:]
        tail = "\n".join("    " + line[:300] for line in recent[-lines:])
        full = ""
        if "No space left on device" in tail:
            full = "The disk is full: free some space and run the same command again. "
        return f"{full}The end of its log ({path}):\n{tail or '    (empty)'}"

    def _spawn(self, program: Program) -> None:
        log = self.home.log_of(program.name)
        if log.exists() and log.stat().st_size > _LOG_BYTES_MAX:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            output.write(f"{_STARTS} {datetime.now(UTC).isoformat()}\n".encode())
            output.flush()
            child = subprocess.Popen(  # noqa: S603 - the command is ours, no shell
                program.command,
                env={**program.env, _MARK: self._mark(program.name)},
                cwd=program.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        _children[child.pid] = child
        started = psutil.Process(child.pid).create_time()
        record = _Record(child.pid, started, program.fingerprint)
        write_private(self._record_path(program.name), json.dumps(asdict(record)))

    def _mark(self, name: str) -> str:
        return f"{self.home.root}::{name}"

    def _marked(self) -> Iterator[tuple[str, psutil.Process]]:
        prefix = self._mark("")
        for process in psutil.process_iter():
            try:
                mark = process.environ().get(_MARK, "")
            except psutil.AccessDenied:
                mark = self._mark_from_command(process)
            except (psutil.Error, OSError):
                continue
            if mark.startswith(prefix) and _alive(process.pid):
                yield mark.removeprefix(prefix), process

    def _mark_from_command(self, process: psutil.Process) -> str:
        """PostgreSQL may run as another user, whose environment is not ours to read."""
        try:
            is_ours = str(self.home.postgres / "data") in process.cmdline()
        except psutil.Error:
            return ""
        return self._mark("postgres") if is_ours else ""

    def _record_path(self, name: str) -> Path:
        return self.home.run / f"{name}.pid"

    def _record(self, name: str) -> _Record | None:
        try:
            return _Record(**json.loads(self._record_path(name).read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None


def _alive(pid: int) -> psutil.Process | None:
    child = _children.get(pid)
    if child is not None and child.poll() is not None:
        del _children[pid]
        return None
    try:
        process = psutil.Process(pid)
        return None if _is_empty(process) else process
    except psutil.NoSuchProcess:
        return None


def _is_empty(process: psutil.Process) -> bool:
    """Whether nothing of it runs any more.

    A killed process with many threads, a JVM above all, is a zombie as soon as its first thread is
    gone; until the last one is, it holds its files and its ports.
    """
    return process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1


def _parent(process: psutil.Process) -> int:
    try:
        return process.ppid()
    except psutil.NoSuchProcess:
        return 0


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def _must_go(killed: list[psutil.Process]) -> None:
    """Wait for processes that were killed. Raises StackError when the system keeps one."""
    if left := _wait_gone(killed, _KILLED_SECONDS_MAX):
        raise StackError(f"killed, and still there: processes {[each.pid for each in left]}")


def _wait_gone(processes: list[psutil.Process], seconds_max: float) -> list[psutil.Process]:
    """Those that still run after the wait."""
    deadline = monotonic() + seconds_max
    left = processes
    while left and monotonic() < deadline:
        left = [process for process in left if process.is_running() and _alive(process.pid)]
        if left:
            sleep(_POLL_SECONDS)
    return left
