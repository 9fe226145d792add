"""One program a user: a second one says so, and one that was killed is in nobody's way."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from card_signer.instance import single
from libs.signing.pki import Authority
from tests.card.conftest import OPERATOR, SITE, refused
from tests.card.program import Program


@pytest.fixture
def program(tmp_path: Path, authority: Authority) -> Program:
    program = Program(tmp_path, {"origins": f'["{SITE}"]', "port": "0"})
    program.software_card(authority.issue(OPERATOR))
    return program


@pytest.fixture
def serving(program: Program) -> "Iterator[subprocess.Popen[str]]":
    process = serve(program)
    yield process
    process.kill()
    process.communicate()


def serve(program: Program) -> "subprocess.Popen[str]":
    """Started, and past the lock: it has said where it listens."""
    process = program.start("serve")
    assert process.stdout
    said = process.stdout.readline()
    assert said.startswith("ws://127.0.0.1:"), said + process.stdout.read()
    return process


def test_a_second_one_says_which_runs(program: Program, serving: "subprocess.Popen[str]") -> None:
    done = program.run("serve")
    assert done.returncode == 1
    assert "RUNNING" in done.stderr
    assert f"本程序已在运行（进程{serving.pid}）" in done.stderr
    assert serving.poll() is None


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_when_it_has_ended_the_next_one_serves(
    program: Program, serving: "subprocess.Popen[str]", number: signal.Signals
) -> None:
    serving.send_signal(number)
    serving.wait(10)
    assert (program.state / "serve.pid").read_text() == str(serving.pid)
    after = serve(program)
    after.kill()
    after.communicate()


def test_it_ends_in_order_when_it_is_told_to(
    program: Program, serving: "subprocess.Popen[str]"
) -> None:
    serving.terminate()
    assert serving.wait(10) == 0


def test_the_folder_is_its_users_alone(tmp_path: Path) -> None:
    state = tmp_path / "a" / "state"
    with single(state), refused("RUNNING"), single(state):
        pass
    assert state.stat().st_mode & 0o077 == 0
    with single(state):
        pass


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with refused("STATE"), single(tmp_path / "file" / "state"):
        pass
