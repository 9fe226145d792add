"""Kafka's jars are checked before they run, and a broken one never does."""

import hashlib
from pathlib import Path

import pytest

from deploy.local import jars
from deploy.local.errors import StackError
from deploy.local.jars import Jar, ensure_jars
from deploy.local.progress import SilentReporter

GOOD = b"a jar"
JAR = Jar(hashlib.sha256(GOOD).hexdigest(), "org.example", "example", "1.0")


@pytest.fixture
def one_jar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "locked_jars", lambda: [JAR])
    monkeypatch.setattr("deploy.local.jars.time.sleep", lambda _: None)


def serve(monkeypatch: pytest.MonkeyPatch, *answers: bytes | Exception) -> list[int]:
    """Let the repository answer in turn; returns the list that counts the calls."""
    calls: list[int] = []

    def fetch(jar: Jar, place: Path) -> Path:
        answer = answers[len(calls)]
        calls.append(len(calls))
        if isinstance(answer, Exception):
            raise answer
        path = place / "fetched.jar"
        path.write_bytes(answer)
        return path

    monkeypatch.setattr(jars, "_fetch", fetch)
    return calls


@pytest.mark.usefixtures("one_jar")
class TestJars:
    def test_a_jar_is_fetched_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        calls = serve(monkeypatch, GOOD)
        for _ in range(2):
            (path,) = ensure_jars(SilentReporter(), tmp_path)
            assert path.read_bytes() == GOOD
        assert len(calls) == 1

    def test_a_torn_jar_is_fetched_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / JAR.file_name).write_bytes(GOOD[:2])
        serve(monkeypatch, GOOD)
        (path,) = ensure_jars(SilentReporter(), tmp_path)
        assert path.read_bytes() == GOOD

    def test_another_file_under_the_name_is_refused_and_thrown_away(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        serve(monkeypatch, b"not the jar")
        with pytest.raises(StackError, match="another SHA-256"):
            ensure_jars(SilentReporter(), tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_the_network_is_tried_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        serve(monkeypatch, TimeoutError(), GOOD)
        (path,) = ensure_jars(SilentReporter(), tmp_path)
        assert path.read_bytes() == GOOD

    def test_no_network_is_told_without_the_registry(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        serve(monkeypatch, *[ConnectionError("https://registry.example/x")] * 3)
        with pytest.raises(StackError, match="could not download example") as told:
            ensure_jars(SilentReporter(), tmp_path)
        assert "registry.example" not in str(told.value)
