"""How long steps are shown while they happen: a live line on a terminal, plain lines elsewhere."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from time import monotonic
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class Step(Protocol):
    """One long step under way."""

    def advance(self, done: float, total: float, note: str = "") -> None:
        """Say how far the step is, in any unit."""


class Reporter(Protocol):
    """Where the progress of a bring-up goes."""

    def step(self, title: str) -> AbstractContextManager[Step]:
        """Begin a step; it ends with the `with` block."""

    def say(self, text: str) -> None:
        """Print one line."""


class _Silent:
    def advance(self, done: float, total: float, note: str = "") -> None:
        """Show nothing."""


class SilentReporter:
    """Shows nothing: for tests."""

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Run the step unseen."""
        del title
        yield _Silent()

    def say(self, text: str) -> None:
        """Show nothing."""


class _PlainStep:
    """Prints at most a line every few seconds, so that logs stay short."""

    PAUSE_SECONDS = 3.0

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._told = monotonic()

    def advance(self, done: float, total: float, note: str = "") -> None:
        if monotonic() - self._told >= self.PAUSE_SECONDS:
            self._told = monotonic()
            self._console.print(f"  … {self._title}: {done / max(total, 1):.0%} {note}")


class _LiveStep:
    def __init__(self, progress: Progress, title: str) -> None:
        self._progress = progress
        self._task = progress.add_task(title, total=None, note="")

    def advance(self, done: float, total: float, note: str = "") -> None:
        self._progress.update(self._task, completed=done, total=total, note=note)


class ConsoleReporter:
    """Shows steps with their time: a live bar on a terminal, one line a step otherwise."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)

    def say(self, text: str) -> None:
        """Print one line."""
        self.console.print(text)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Show the step while it runs and its time when it is done."""
        started = monotonic()
        if self.console.is_terminal:
            with self._live() as progress:
                yield _LiveStep(progress, title)
        else:
            self.console.print(f"[dim]…[/] {title}")
            yield _PlainStep(self.console, title)
        self.console.print(f"[green]✓[/] {title} [dim]({monotonic() - started:.1f} s)[/]")

    def _live(self) -> Progress:
        return Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
        )
