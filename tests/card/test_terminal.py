"""Consent in a terminal: a real one, with a hand at its other end."""

import os
import pty
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass

import pytest

from card_signer.asker import asking
from card_signer.consent import Question
from card_signer.lines import Line
from card_signer.pin import Pin
from card_signer.terminal import Terminal
from tests.card.conftest import PIN, SITE, refused

QUESTION = Question(
    SITE,
    "在线支付",
    "上海通达国际贸易有限公司 李晓明",
    (Line("交费金额(元)", "55.00", is_key=True), Line("说明", "[red]x[/] \\u001b")),
    tries_left=3,
)


@dataclass
class Hand:
    """Reads what is on the screen, and types."""

    line: int
    seen: str = ""

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + 5
        while text not in self.seen:
            assert time.monotonic() < deadline, self.seen
            self.seen += os.read(self.line, 4096).decode("utf-8", "replace")

    def type(self, text: str) -> None:
        os.write(self.line, text.encode())

    def drain(self) -> None:
        os.set_blocking(self.line, False)
        try:
            while piece := os.read(self.line, 4096):
                self.seen += piece.decode("utf-8", "replace")
        except OSError:
            return


@pytest.fixture
def screen() -> Iterator[tuple[Terminal, Hand]]:
    near, far = pty.openpty()
    yield Terminal(os.ttyname(far)), Hand(near)
    os.close(near)
    os.close(far)


def asked(terminal: Terminal, question: Question = QUESTION, seconds: float = 5.0) -> "Asked":
    return Asked(ThreadPoolExecutor(1), terminal, question, seconds)


class Asked:
    """A question that waits for its answer in a thread."""

    def __init__(
        self, pool: ThreadPoolExecutor, terminal: Terminal, question: Question, seconds: float
    ) -> None:
        self._future = pool.submit(copy_context().run, terminal.ask, question, seconds)
        pool.shutdown(wait=False)

    def answer(self) -> Pin:
        return self._future.result(10)


def test_all_is_shown_and_the_pin_is_not(screen: tuple[Terminal, Hand]) -> None:
    terminal, hand = screen
    waiting = asked(terminal)
    hand.wait_for("请输入密码")
    for told in (SITE, "在线支付", "李晓明", "55.00", "[red]x[/] \\u001b"):
        assert told in hand.seen
    hand.type(f"{PIN}\n")
    with waiting.answer() as pin:
        assert pin.characters() == PIN.encode()
    hand.drain()
    assert PIN not in hand.seen


@pytest.mark.parametrize(
    ("typed", "code"), [("\n", "CANCELLED"), ("\x04", "CANCELLED"), ("abc\n", "PIN_FORM")]
)
def test_no_is_no(screen: tuple[Terminal, Hand], typed: str, code: str) -> None:
    terminal, hand = screen
    waiting = asked(terminal)
    hand.wait_for("请输入密码")
    hand.type(typed)
    with refused(code):
        waiting.answer()


def test_a_page_that_goes_takes_its_question_back(screen: tuple[Terminal, Hand]) -> None:
    terminal, hand = screen
    with asking():
        waiting = asked(terminal, seconds=60)
        hand.wait_for("请输入密码")
    with refused("GONE"):
        waiting.answer()
    hand.wait_for("网页已关闭")


def test_nobody_there(screen: tuple[Terminal, Hand]) -> None:
    terminal, _ = screen
    with refused("NO_ANSWER"):
        asked(terminal, seconds=0.2).answer()


def test_what_was_typed_before_the_question_is_no_answer(screen: tuple[Terminal, Hand]) -> None:
    """Or someone who types ahead would agree to what was not yet shown."""
    terminal, hand = screen
    hand.type(f"{PIN}\n")
    time.sleep(0.1)
    with refused("NO_ANSWER"):
        asked(terminal, seconds=0.5).answer()


def test_the_last_try_is_used_only_on_an_explicit_word(screen: tuple[Terminal, Hand]) -> None:
    terminal, hand = screen
    last = Question(SITE, "登录", "李晓明", (), tries_left=1)
    for typed, code in (("y\n", "LAST_TRY"), ("\n", "LAST_TRY")):
        waiting = asked(terminal, last)
        hand.wait_for("最后一次，请输入")
        hand.type(typed)
        with refused(code):
            waiting.answer()
        hand.seen = ""
    waiting = asked(terminal, last)
    hand.wait_for("最后一次，请输入")
    hand.type("yes\n")
    hand.wait_for("请输入密码")
    hand.type(f"{PIN}\n")
    assert waiting.answer().characters() == PIN.encode()


def test_no_terminal_is_told() -> None:
    with refused("NO_SCREEN"):
        Terminal("/nonexistent").ask(QUESTION, 1)
