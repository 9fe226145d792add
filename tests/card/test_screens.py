"""Which screen is asked in, and that only what can be read is shown there."""

import errno
import os
import subprocess
import sys
from dataclasses import replace
from io import FileIO
from pathlib import Path

import pytest

from card_signer.consent import Question, spelt_out
from card_signer.lines import Line
from card_signer.screens import consent_of, has_window
from card_signer.settings import Settings
from card_signer.terminal import Terminal
from card_signer.window import ask
from card_signer.window.ask import Window
from card_signer.window.sheet import read
from tests.card.conftest import refused

QUESTION = Question(
    "https://trade.example\u202e",
    "支付\x1b[2J",
    "李\u202e晓明",
    (Line("金额\u200b", "1\u202e00", is_key=True), Line("x", "a\nb\x00\ud800")),
    notes=("\u2066注意",),
)
SIGNS = ("\\u202e", "\\u001b[2J", "\\u200b", "\\u000a", "\\u0000", "\\ud800", "\\u2066")


def test_what_would_move_or_hide_is_spelt_out_before_it_reaches_a_window(tmp_path: Path) -> None:
    """What the window's process is really told."""
    told = tmp_path / "told"
    with refused("NO_SCREEN"):
        Window(("sh", "-c", f"head -n 1 > {told}")).ask(QUESTION, 5)
    question, seconds = read(told.read_bytes())
    assert seconds == 5
    shown = [question.origin, question.title, question.holder, *question.notes]
    shown += [text for line in question.lines for text in (line.label, line.text)]
    assert all(text.isprintable() for text in shown)
    assert all(any(sign in text for text in shown) for sign in SIGNS)


def test_what_can_be_read_is_shown_as_it_is() -> None:
    question = Question("https://a.example", "登录", "李", (Line("é", "💴 1", 2, True),), 3, ("!",))
    assert spelt_out(question) == question


@pytest.mark.parametrize("command", [("/nonexistent",), ("false",), ("true",), ("cat",), ("yes",)])
def test_a_window_that_talks_nonsense_signs_nothing(command: tuple[str, ...]) -> None:
    with refused("NO_SCREEN"):
        Window(command).ask(replace(QUESTION, lines=QUESTION.lines * 9_000), 2)


def test_a_window_that_died_is_an_invalid_argument_on_windows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Died(FileIO):
        def write(self, _told: object) -> int:
            raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(ask, "FileIO", Died)
    with refused("NO_SCREEN"):
        Window(("true",)).ask(QUESTION, 5)


@pytest.mark.parametrize(("said", "code"), [("=123", "PIN_FORM"), ("=", "PIN_FORM")])
def test_what_it_says_is_judged_here_too(said: str, code: str) -> None:
    with refused(code):
        Window(("printf", said)).ask(QUESTION, 5)


def test_a_window_that_hangs_is_ended_in_time() -> None:
    with refused("NO_ANSWER"):
        Window(("sleep", "60")).ask(QUESTION, 0.5)


def test_without_a_display_there_is_no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    with refused("NO_SCREEN"):
        Window().ask(QUESTION, 20)


def test_a_python_without_tkinter_has_no_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("tkinter", "_tkinter"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('as Debian without python3-tk')")
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("DISPLAY", ":0")
    with refused("NO_SCREEN") as trouble:
        Window().ask(QUESTION, 20)
    assert "python3-tk" in trouble.value.todo_zh
    assert not has_window()


@pytest.mark.parametrize(
    ("wanted", "display", "found"),
    [
        ("auto", "", Terminal),
        ("auto", ":0", Window),
        ("window", "", Window),
        ("terminal", ":0", Terminal),
    ],
)
def test_the_screen_is_the_one_that_is_wanted_or_there(
    wanted: str, display: str, found: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("_tkinter", reason="not here: python3-tk")
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.setenv("CARD_SIGNER_CONSENT", wanted)
    assert type(consent_of(Settings())) is found


def test_without_termios_all_of_it_imports_and_the_terminal_says_that_it_cannot() -> None:
    """As on Windows; a look at what is imported and asked, not a test on that system."""
    script = """
import sys, subprocess, threading, rich.console, rich.table, platformdirs, pydantic_settings
sys.platform, sys.modules["termios"] = "win32", None
from card_signer.screens import consent_of
from card_signer.settings import Settings
from card_signer.troubles import Trouble
from tests.card.test_screens import QUESTION
try:
    consent_of(Settings(consent="terminal")).ask(QUESTION, 1)
except Trouble as trouble:
    print(trouble.code)
"""
    known = os.pathsep.join(each for each in sys.path if each)
    environment = {**os.environ, "PYTHONPATH": known}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.returncode) == ("NO_SCREEN\n", 0), done.stderr
