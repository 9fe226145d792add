"""How the story looks in a terminal: one line a message, chapters, closing tables."""

from collections.abc import Iterable, Sequence
from itertools import takewhile
from time import monotonic
from typing import Any

from rich.console import Console
from rich.table import Table

from libs.lifecycle.tables import LIFECYCLES
from libs.messages.parties import Role
from libs.messages.topics import TOPICS
from libs.signing import Verdict
from tongbao.demo.witness import DOCUMENT_OF_EVENT, Sighting

_KEY_LINES = 3  # of what the card signer showed


class Teller:
    """Prints the story to a console. Lines of messages never mix with other output."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the story began."""
        return monotonic() - self._began

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        self._console.print(f"\n[bold]{title}[/bold]", soft_wrap=True)

    def say(self, text: str) -> None:
        """One sentence of the storyteller."""
        self._console.print(f"  {text}", highlight=False, soft_wrap=True)

    def asked(self, lines: Sequence[str]) -> None:
        """What the card signer showed before somebody typed the PIN: its heading, what counts."""
        heading, rest = lines[0].strip("─ "), lines[1:]
        # the holder, then amounts and counterparties, then the whole document as a table
        key = list(takewhile(lambda line: "：" in line, rest))[1 : _KEY_LINES + 1]
        more = f"  [dim]{'  '.join(key)}[/dim]" if key else ""
        self._console.print(f"  [magenta]▣ {heading}[/] PIN typed{more}", soft_wrap=True)

    def message(self, seen: Sighting) -> None:
        """One message: when, from → to, kind, document, signature, new state."""
        verdict = seen.verdict
        mark = "[green]✓[/green]" if verdict.trusted else f"[red]✗ {verdict.reason}[/red]"
        self._console.print(
            f"  [dim]{self.seconds:6.2f}s[/dim] {signer(verdict)} → [cyan]{seen.topic}[/cyan]"
            f" [dim]({', '.join(TOPICS[seen.topic].consumers)})[/dim]"
            f"  {seen.kind} {seen.title}  [dim]{seen.envelope.subject}[/dim]"
            f"  {mark} {seen.signature}{state(seen)}",
            highlight=False,
            soft_wrap=True,
        )

    def status_records(self, document: dict[str, Any], records: list[dict[str, Any]]) -> None:
        """A document's moves: 序号, 状态, 说明, 处理方, 时间, and the message that caused it."""
        self._console.print(f"  [bold]{document['title']}[/] {document['id']}", highlight=False)
        for record in records:
            cause = record["cause"]
            self._console.print(
                f"    {record['sequence']:>2}  [yellow]{record['statusName']}[/]  {record['note']}"
                f"  [dim]{record['role']} · {cause['kind']} {str(cause['messageId'])[:8]}"
                f" signed by {cause['signer']}[/]",
                highlight=False,
                soft_wrap=True,
            )

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A closing table."""
        table = Table(title=title, title_justify="left", header_style="bold")
        for column in columns:
            table.add_column(column, no_wrap=True)
        for row in rows:
            table.add_row(*row)
        self._console.print(table, soft_wrap=True)


def signer(verdict: Verdict) -> str:
    """Who signed, as a reader sees it: role, name and holder."""
    identity = verdict.signer
    if identity is None:
        return "?"
    if identity.role is Role.SERVICE:
        return identity.name
    holder = f"·{identity.holder}" if identity.role.is_company and identity.holder else ""
    return f"{identity.role.zh} {identity.name or identity.party}{holder}"


def state(seen: Sighting) -> str:
    """The document's new state, for events that tell of a move."""
    document = DOCUMENT_OF_EVENT.get(seen.kind)
    if document is None or not seen.envelope.status:
        return ""
    name = LIFECYCLES[document].state(seen.envelope.status).zh
    return f"  [bold yellow]⇒ {name}[/bold yellow]"


def topic_rows(counts: dict[str, int], seen: dict[str, int]) -> list[tuple[str, ...]]:
    """Rows of the counts by topic: what the broker holds against what the witness verified."""
    return [
        (
            name,
            "、".join(TOPICS[name].producers),
            "、".join(TOPICS[name].consumers),
            str(count),
            str(seen.get(name, 0)),
            "✓" if count == seen.get(name, 0) else "✗",
        )
        for name, count in sorted(counts.items())
        if count
    ]
