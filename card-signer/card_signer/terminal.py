"""Consent in a terminal: what is signed line by line, then the PIN without an echo."""

import os
import select
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from card_signer import asker
from card_signer.consent import Question, spelt_out
from card_signer.pin import Pin
from card_signer.troubles import Trouble

if sys.platform != "win32":  # which has none: `ask` says so
    import termios

_USE_LAST = "yes"
_LINE_BYTES_MAX = 64
_READ_BYTES = 64


@dataclass(frozen=True)
class Terminal:
    """A terminal device; by default the one that the program was started in."""

    device: str = "/dev/tty"

    def ask(self, question: Question, seconds: float) -> Pin:
        """As `Consent.ask`. An empty line says no."""
        if sys.platform == "win32":
            raise Trouble("NO_SCREEN")
        deadline = time.monotonic() + seconds
        with _opened(self.device) as line, _told_when_gone() as gone:
            termios.tcflush(line, termios.TCIFLUSH)  # what was typed before is no answer to this
            with os.fdopen(os.dup(line), "w") as output:
                console = Console(file=output, force_terminal=True, highlight=False)
                show(console, spelt_out(question))
                try:
                    typed = _asked(console, question, _Keys(line, gone, deadline, seconds))
                except Trouble as trouble:
                    console.print(f"\n{trouble.zh}")
                    raise
                console.print()
        if not typed:
            raise Trouble("CANCELLED")
        return Pin.typed(typed)


def show(console: Console, question: Question) -> None:
    """What is signed: amounts and counterparties first, then everything."""
    console.print()
    console.rule(Text(f"{question.title}  ·  {question.origin}"))
    console.print(Text(f"持卡人：{question.holder}"))
    for note in question.notes:
        console.print(Text(f"注意：{note}", style="yellow"))
    if question.file:
        console.print(Text(f"文件可打开核对：{question.file}"))
    for line in question.lines:
        if line.is_key:
            console.print(Text(f"{line.label}：{line.text}", style="bold"))
    if question.lines:
        table = Table.grid(padding=(0, 2))
        for line in question.lines:
            table.add_row(Text("  " * line.depth + line.label), Text(line.text))
        console.print(table)


@contextmanager
def _opened(device: str) -> Iterator[int]:
    try:
        line = os.open(device, os.O_RDWR | os.O_NOCTTY)
    except OSError:
        raise Trouble("NO_SCREEN") from None
    try:
        yield line
    finally:
        os.close(line)


@contextmanager
def _silent(line: int) -> Iterator[None]:
    before = termios.tcgetattr(line)
    quiet = termios.tcgetattr(line)
    quiet[3] &= ~termios.ECHO
    termios.tcsetattr(line, termios.TCSADRAIN, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(line, termios.TCSADRAIN, before)


@contextmanager
def _told_when_gone() -> Iterator[int]:
    """What becomes readable when the page that asked goes."""
    read, write = os.pipe()
    try:
        with asker.current().when_gone(lambda: os.write(write, b"!")):
            yield read
    finally:
        os.close(read)
        os.close(write)


def _asked(console: Console, question: Question, keys: "_Keys") -> str:
    if question.is_last_try:
        console.print("[bold red]只剩最后一次密码尝试！再错卡将锁定。[/]")
        console.print(f"要使用最后一次，请输入 {_USE_LAST}：", end="")
        console.file.flush()
        if keys.typed() != _USE_LAST:
            raise Trouble("LAST_TRY")
    with _silent(keys.line):
        console.print(f"同意请输入{question.pin}（回车取消）：", end="")
        console.file.flush()
        return keys.typed()


@dataclass(frozen=True, slots=True)
class _Keys:
    """What is typed, for as long as somebody waits for it."""

    line: int
    gone: int  # readable when whoever asked is gone
    deadline: float
    seconds: float

    def typed(self) -> str:
        """A line. Raises Trouble NO_ANSWER, GONE, CANCELLED."""
        data = b""
        while b"\n" not in data and len(data) < _LINE_BYTES_MAX:
            left = max(0.0, self.deadline - time.monotonic())
            ready = select.select([self.line, self.gone], [], [], left)[0]
            if self.gone in ready:
                raise Trouble("GONE")
            if not ready:
                raise Trouble("NO_ANSWER", seconds=round(self.seconds))
            piece = os.read(self.line, _READ_BYTES)
            if not piece:
                raise Trouble("CANCELLED")
            data += piece
        return data.partition(b"\n")[0].decode("utf-8", "replace").strip()
