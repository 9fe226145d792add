"""Processes are started once, found again in every case, and only ours are stopped."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import sleep

import psutil
import pytest

from deploy.local.errors import StartFailed
from deploy.local.home import Home
from deploy.local.ports import is_free
from deploy.local.processes import Program, Supervisor

READY = "import pathlib, time; pathlib.Path('ready').touch(); time.sleep(60)"
# its first thread ends while another still holds a port: so looks a JVM that is being killed
LINGERS = """
import ctypes, pathlib, socket, threading, time
port = socket.create_server(("127.0.0.1", 0))
pathlib.Path("port").write_text(str(port.getsockname()[1]))
threading.Thread(target=time.sleep, args=(60,)).start()
pathlib.Path("ready").touch()
ctypes.CDLL(None).pthread_exit(None)
"""


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    home = Home(tmp_path / "home")
    home.prepare()
    supervisor = Supervisor(home)
    yield supervisor
    supervisor.stop(supervisor.names())


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program("worker", (sys.executable, "-c", READY), cwd=tmp_path)


def start(supervisor: Supervisor, program: Program) -> int:
    supervisor.start(program)
    assert program.cwd
    supervisor.wait_until(program, (program.cwd / "ready").exists)
    process = supervisor.running(program.name)
    assert process
    return process.pid


def test_a_program_that_runs_is_not_started_again(supervisor: Supervisor, program: Program) -> None:
    assert start(supervisor, program) == start(supervisor, program)


def test_a_changed_program_is_started_anew(supervisor: Supervisor, program: Program) -> None:
    first = start(supervisor, program)
    second = start(supervisor, replace(program, version="2"))
    assert first != second
    assert not psutil.pid_exists(first)


def test_an_orphan_without_a_record_is_found_and_replaced(
    supervisor: Supervisor, program: Program
) -> None:
    orphan = start(supervisor, program)
    (supervisor.home.run / "worker.pid").unlink()
    assert supervisor.names() == ["worker"]
    assert start(supervisor, program) != orphan
    assert not psutil.pid_exists(orphan)


def test_a_torn_record_is_no_record(supervisor: Supervisor, program: Program) -> None:
    start(supervisor, program)
    (supervisor.home.run / "worker.pid").write_text('{"pid": 12')
    assert supervisor.running("worker") is None
    assert supervisor.names() == ["worker"]


def test_a_pid_that_now_belongs_to_another_is_not_ours(supervisor: Supervisor) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        record = f'{{"pid": {other.pid}, "started": 1.0, "fingerprint": ""}}'
        (supervisor.home.run / "worker.pid").write_text(record)
        assert supervisor.running("worker") is None
        assert supervisor.stop(["worker"]) == []
        assert other.poll() is None
        other.kill()


def test_the_processes_of_another_home_are_left_alone(
    supervisor: Supervisor, program: Program, tmp_path: Path
) -> None:
    pid = start(supervisor, program)
    other = Supervisor(Home(tmp_path / "home-2"))
    other.home.prepare()
    assert other.names() == []
    assert other.stop(["worker"]) == []
    assert psutil.pid_exists(pid)


def test_one_that_does_not_want_to_stop_is_killed(supervisor: Supervisor, program: Program) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    pid = start(supervisor, replace(program, command=(sys.executable, "-c", deaf + READY)))
    assert supervisor.stop(["worker"], seconds_max=0.2) == ["worker"]
    assert not psutil.pid_exists(pid)


def test_one_whose_first_thread_is_gone_still_runs_and_frees_its_port_when_killed(
    supervisor: Supervisor, program: Program, tmp_path: Path
) -> None:
    pid = start(supervisor, replace(program, command=(sys.executable, "-c", LINGERS)))
    process = psutil.Process(pid)
    while process.status() != psutil.STATUS_ZOMBIE:
        sleep(0.01)
    port = int((tmp_path / "port").read_text())
    assert not is_free(port)
    assert supervisor.running("worker")
    supervisor.kill("worker")
    assert is_free(port)


def test_one_that_ends_at_once_is_told_with_the_end_of_its_log(
    supervisor: Supervisor, program: Program
) -> None:
    fails = replace(program, command=(sys.executable, "-c", "raise SystemExit('no such setting')"))
    supervisor.start(fails)
    with pytest.raises(StartFailed, match="no such setting"):
        supervisor.wait_until(fails, lambda: False)


def test_only_the_log_of_this_start_is_told(supervisor: Supervisor, program: Program) -> None:
    for words in ("the first problem", "the second problem"):
        fails = replace(program, command=(sys.executable, "-c", f"raise SystemExit({words!r})"))
        supervisor.start(fails)
        with pytest.raises(StartFailed) as told:
            supervisor.wait_until(fails, lambda: False)
    assert "the second problem" in str(told.value)
    assert "the first problem" not in str(told.value)


def test_passwords_are_not_in_what_others_can_see(supervisor: Supervisor, program: Program) -> None:
    secret = "s3cret-value"
    start(supervisor, replace(program, env={"WORKER_PASSWORD": secret}))
    record = supervisor.home.run / "worker.pid"
    process = supervisor.running("worker")
    assert process
    assert secret not in record.read_text() + " ".join(process.cmdline())
