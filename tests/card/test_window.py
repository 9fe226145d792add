"""Consent in a window: a real one in a real X server, with real keys."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from card_signer.consent import Question
from card_signer.lines import Line
from card_signer.pin import Pin
from card_signer.window.ask import Window
from libs.signing.pki import Authority
from tests.card.conftest import OPERATOR, PIN, SITE, refused
from tests.card.desktop import Desktop, desktop, lacks, until
from tests.card.program import Program

pytestmark = pytest.mark.card
Process = subprocess.Popen[str]
VISIBLE_SECONDS = 1.0  # a window has to be in sight for so long

QUESTION = Question(
    SITE,
    "在线支付",
    "上海通达国际贸易有限公司 李晓明（操作员卡 C1）",
    (
        Line("保险公司", "中国人民财产保险股份有限公司", is_key=True),
        Line("交费金额(元)", "55.00", is_key=True),
        Line("说明", "[red]x[/]"),
    ),
    tries_left=3,
    notes=("证书还有29天过期，请及时换证",),
)
LAST = replace(QUESTION, tries_left=1)


@pytest.fixture(scope="module")
def screen() -> Iterator[Desktop]:
    if missing := lacks():
        pytest.skip(f"not here: {', '.join(missing)}")
    with desktop() as desk:
        yield desk


@pytest.fixture(autouse=True)
def clean(screen: Desktop) -> Iterator[None]:
    """No window is left by any test."""
    yield
    until(lambda: not screen.windows())
    assert not children()


def asked(question: Question = QUESTION, seconds: float = 20.0) -> "Future[Pin]":
    """In a thread that is not the main one, as a door asks."""
    with_one = ThreadPoolExecutor(1)
    answer = with_one.submit(Window().ask, question, seconds)
    with_one.shutdown(wait=False)
    return answer


def children() -> list[int]:
    """The windows' processes that this one has."""
    told = subprocess.run(
        ["pgrep", "-P", str(os.getpid()), "-f", "card_signer.window"],
        capture_output=True,
        text=True,
        check=False,
    )
    return [int(each) for each in told.stdout.split()]


@pytest.mark.parametrize("keys", [("Return",), ("KP_Enter",), ("Tab", "space")])
def test_a_user_who_agrees_types_the_pin(screen: Desktop, keys: tuple[str, ...]) -> None:
    answer = asked()
    screen.wait_until_ready()
    screen.type(PIN)
    screen.press(*keys)
    with answer.result(10) as pin:
        assert pin.characters() == PIN.encode()


@pytest.mark.parametrize("keys", [("Escape",), ("Tab", "Tab", "space"), ("alt+F4",)])
def test_no_and_closing_it_are_no(screen: Desktop, keys: tuple[str, ...]) -> None:
    answer = asked()
    screen.wait_until_ready()
    screen.type(PIN)
    screen.press(*keys)
    with refused("CANCELLED"):
        answer.result(10)


def test_no_needs_no_waiting(screen: Desktop) -> None:
    answer = asked()
    screen.wait_for_window()
    screen.press("Escape")
    with refused("CANCELLED"):
        answer.result(10)


def test_nobody_there(screen: Desktop) -> None:
    before = time.monotonic()
    with refused("NO_ANSWER") as trouble:
        asked(seconds=2.0).result(10)
    assert 2 <= time.monotonic() - before < 4
    assert "2秒" in trouble.value.zh


def test_return_without_a_pin_agrees_to_nothing(screen: Desktop) -> None:
    answer = asked()
    screen.wait_until_ready()
    screen.press("Return", "Tab", "space")
    with pytest.raises(TimeoutError):
        answer.result(0.5)
    screen.press("Escape")
    with refused("CANCELLED"):
        answer.result(10)


@pytest.mark.parametrize("typed", ["abc", "12 456", "1" * 33, "1" * 300])
def test_what_cannot_be_a_pin_is_told(screen: Desktop, typed: str) -> None:
    answer = asked()
    screen.wait_until_ready()
    screen.type(typed)
    screen.press("Return")
    with refused("PIN_FORM"):
        answer.result(20)


def test_what_was_meant_for_another_window_agrees_to_nothing(screen: Desktop) -> None:
    """The window takes the keyboard while someone types on: nothing of that is taken."""
    answer = asked()
    screen.wait_for_window()
    end = time.monotonic() + 2 * VISIBLE_SECONDS
    while time.monotonic() < end:
        screen.type("999999")
        screen.press("Return")
    with pytest.raises(TimeoutError):
        answer.result(0.3)
    screen.wait_until_ready()
    screen.type(PIN)
    screen.press("Return")
    assert answer.result(10).characters() == PIN.encode()


def test_the_last_try_is_used_only_on_an_explicit_word(screen: Desktop) -> None:
    answer = asked(LAST)
    screen.wait_until_ready()
    screen.type(PIN)
    screen.press("Return")
    with refused("LAST_TRY"):
        answer.result(10)
    answer = asked(LAST)
    screen.wait_until_ready()
    screen.press("shift+Tab", "space", "Tab")
    screen.type(PIN)
    screen.press("Return")
    assert answer.result(10).characters() == PIN.encode()


def test_a_window_that_dies_signs_nothing(screen: Desktop) -> None:
    answer = asked()
    screen.wait_for_window()
    (process,) = children()
    os.kill(process, signal.SIGKILL)
    with refused("NO_SCREEN"):
        answer.result(10)


def test_no_window_outlives_who_asked(screen: Desktop, tmp_path: Path) -> None:
    script = tmp_path / "asks.py"
    script.write_text(
        "from tests.card.test_window import QUESTION, Window\nWindow().ask(QUESTION, 60)\n"
    )
    known = os.pathsep.join(each for each in sys.path if each)
    environment = {**os.environ, "PYTHONPATH": known}
    with subprocess.Popen([sys.executable, str(script)], env=environment) as asking:
        screen.wait_for_window()
        asking.kill()
    until(lambda: not screen.windows(), 3)


def test_nothing_of_the_question_stands_on_a_command_line(screen: Desktop) -> None:
    answer = asked()
    screen.wait_for_window()
    (process,) = children()
    told = Path(f"/proc/{process}/cmdline").read_bytes()
    assert told.split(b"\0")[1:-1] == [b"-P", b"-m", b"card_signer.window"]
    screen.press("Escape")
    with refused("CANCELLED"):
        answer.result(10)


def test_no_other_program_can_give_it_commands(screen: Desktop) -> None:
    """Tk lets each program of a display run commands in each other one, if one does not object."""
    import tkinter

    answer = asked()
    screen.wait_for_window()
    other = tkinter.Tk(className="other")
    try:
        other.withdraw()
        assert other.tk.splitlist(other.tk.call("winfo", "interps")) == ("other",)
    finally:
        other.destroy()
    screen.press("Escape")
    with refused("CANCELLED"):
        answer.result(10)


def test_each_line_of_a_long_document_can_be_scrolled_to_and_is_whole(screen: Desktop) -> None:
    from card_signer.window.view import View

    lines = tuple(
        Line(f"第{number}项", f"{number} " + "长" * (number % 90), depth=number % 4)
        for number in range(400)
    )
    view = View(replace(QUESTION, lines=lines), 60)
    text, seen = view.reading.text, set[int]()
    shown = int(text.index("end-1c").split(".")[0])
    assert shown == len(lines)
    try:
        until(lambda: updated(view) and screen.has_keyboard())  # its events are ours to serve
        while not text.dlineinfo("end-1c"):
            seen |= in_sight(view, shown)
            top = text.index("@0,0")
            screen.press("Next")
            until(partial(scrolled, view, top))
        seen |= in_sight(view, shown)
        assert seen == set(range(1, shown + 1))
        assert all(
            text.get(f"{number}.0", f"{number}.end").endswith(line.text)
            for number, line in enumerate(lines, 1)
        )
    finally:
        view.root.withdraw()
        updated(view)  # destroying alone waits in this process' queue
        view.root.destroy()


def in_sight(view: "object", lines: int) -> set[int]:
    """The numbers of the lines whose beginning and end are both in sight now."""
    text = view.reading.text  # type: ignore[attr-defined] # a View, whose import needs Tk
    return {
        number
        for number in range(1, lines + 1)
        if text.dlineinfo(f"{number}.0") and text.dlineinfo(f"{number}.end")
    }


def test_a_document_of_the_largest_size_is_shown_in_time(screen: Desktop) -> None:
    lines = tuple(Line(f"第{number}项", "值" * 40) for number in range(8_000))
    answer = asked(replace(QUESTION, lines=lines))
    screen.wait_until_ready()
    screen.type(PIN)
    screen.press("Return")
    assert answer.result(10).characters() == PIN.encode()


@pytest.fixture
def served(tmp_path: Path, authority: Authority) -> Iterator[tuple[Process, int]]:
    """The whole program with a software card: its process and port."""
    program = Program(tmp_path, {"origins": f'["{SITE}"]', "port": "0", "consent": "window"})
    program.software_card(authority.issue(OPERATOR))
    process = program.start("serve")
    assert process.stdout
    said = process.stdout.readline()
    yield process, int(said.split()[0].rpartition(":")[2])
    process.kill()
    process.communicate()


def login(port: int) -> dict[str, object]:
    """What a page is answered that logs in."""
    address = f"ws://127.0.0.1:{port}/tongbao/v1"
    with connect(address, origin=Origin(SITE), proxy=None) as page:
        page.send(json.dumps({"id": 1, "call": "login", "nonce": "n" * 32}))
        while True:
            told: dict[str, object] = json.loads(page.recv(timeout=20))
            if told.get("id") == 1:
                return told


def test_a_page_gets_its_signature_when_the_user_has_typed_the_pin(
    screen: Desktop, served: tuple[Process, int]
) -> None:
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(login, served[1])
        screen.wait_until_ready()
        screen.type(PIN)
        screen.press("Return")
        assert answer.result(20)["ok"] is True


def test_a_page_that_goes_takes_its_window_with_it(
    screen: Desktop, served: tuple[Process, int]
) -> None:
    with connect(f"ws://127.0.0.1:{served[1]}/tongbao/v1", origin=Origin(SITE), proxy=None) as page:
        page.send(json.dumps({"id": 1, "call": "login", "nonce": "n" * 32}))
        screen.wait_for_window()
    until(lambda: not screen.windows(), 2)


def test_the_program_ends_when_told_to_and_takes_its_window_with_it(
    screen: Desktop, served: tuple[Process, int]
) -> None:
    process, port = served
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(login, port)
        screen.wait_for_window()
        process.terminate()
        assert process.wait(5) == 0
        assert not screen.windows()
        with contextlib.suppress(ConnectionClosed):
            assert answer.result(5)["ok"] is False


def updated(view: Any) -> bool:
    view.root.update()
    return True


def scrolled(view: Any, top: str) -> bool:
    """By what is on top: how far down that is, Tk reckons anew when it is idle."""
    return updated(view) and bool(view.reading.text.index("@0,0") != top)


def test_a_file_that_is_signed_can_be_opened_from_the_question(
    screen: Desktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the desktop's own program, here one that writes down what it was given."""
    opener, opened = tmp_path / "xdg-open", tmp_path / "opened"
    opener.write_text(f'#!/bin/sh\nprintf "%s" "$1" > {opened}\n')
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    answer = asked(replace(QUESTION, file=str(tmp_path / "待签章.pdf")))
    screen.wait_until_ready()
    screen.press("Tab", "Tab", "Tab", "space")
    until(lambda: opened.exists() and opened.read_text() == str(tmp_path / "待签章.pdf"))
    screen.press("Escape")
    with refused("CANCELLED"):
        answer.result(10)
