"""What a user sees when a verb fails."""

import errno
from pathlib import Path

import pytest

from deploy.local.errors import StackError
from tongbao.guard import FAILED, INTERNAL, guarded


def fail(problem: Exception) -> None:
    raise problem


def test_what_is_expected_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    problem = StackError("port 17001 (kafka) is in use [by others]")
    assert guarded(lambda: fail(problem)) == FAILED
    told = capsys.readouterr().err
    assert "port 17001 (kafka) is in use [by others]" in told
    assert "Traceback" not in told


def test_what_is_not_expected_is_one_sentence_and_a_log(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "logs").mkdir()
    monkeypatch.setenv("TONGBAO_HOME", str(tmp_path))
    assert guarded(lambda: fail(KeyError("policy"))) == INTERNAL
    told = capsys.readouterr().err
    (log,) = (tmp_path / "logs").iterdir()
    assert str(log) in told
    assert "Traceback" not in told
    assert "KeyError: 'policy'" in log.read_text()


def test_a_verb_that_works_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(lambda: None) == 0
    assert capsys.readouterr().err == ""


def test_a_full_disk_is_told_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(lambda: fail(OSError(errno.ENOSPC, "No space left on device", "x"))) == FAILED
    assert "No space left on device: x" in capsys.readouterr().err
