"""`tongbao deadletters`: messages that were set aside: list them, look at one, send it again."""

import asyncio
import json
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.local.environment import read_env
from deploy.local.home import Home
from libs.service import desk
from libs.service.dead_letters import DeadLetter
from services import names
from tongbao.local import DEFAULT_HOME, HomeOption

T = TypeVar("T")
WRONG_USE = 2
FAILED = 1

app = typer.Typer(
    name="deadletters",
    help="Messages that could not work: list, show, retry.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

ServiceArgument = Annotated[str, typer.Argument(help="The service that set it aside.")]
IdArgument = Annotated[int, typer.Argument(help="The number that `list` shows.")]


@app.command("list")
def list_letters(
    service: Annotated[str | None, typer.Argument(help="One service; without it all.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only this reason code.")] = None,
    all_letters: Annotated[bool, typer.Option("--all", help="Also those sent again.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """List dead letters, the newest first."""
    table = Table("service", "id", "time (UTC)", "reason", "kind", "topic", "from", "sent again")
    for name in [_known(service)] if service else names():
        work = desk.listed(name, reason=reason, retried=all_letters, limit=limit)
        for letter in _asked(name, home, work):
            if as_json:
                typer.echo(json.dumps(_summary(name, letter), ensure_ascii=False))
            table.add_row(*(Text(str(value)) for value in _summary(name, letter).values()))
    if not as_json:
        Console().print(table if table.row_count else "no dead letters")


@app.command("show")
def show_letter(
    service: ServiceArgument,
    id: IdArgument,
    body_only: Annotated[bool, typer.Option("--body", help="Only the original bytes.")] = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Show a dead letter: the reason, the headers, the original bytes."""
    letter = _found(service, id, _asked(_known(service), home, desk.shown(service, id)))
    if body_only:
        typer.get_binary_stream("stdout").write(letter.source.body)
        return
    console = Console(highlight=False, soft_wrap=True)
    for name, value in _summary(service, letter).items():
        console.print(f"[bold]{name:<12}[/]", Text(str(value)))
    console.print("[bold]detail[/]      ", Text(letter.detail))
    for error in letter.errors:
        console.print("  -", Text(f"{error['label']} ({error['path']}): {error['problem']}"))
    console.print("[bold]headers[/]")
    for name, raw in letter.source.headers:
        console.print("  ", Text(f"{name}: {raw.decode('utf-8', 'backslashreplace')}"))
    console.print(f"[bold]body[/] ({len(letter.source.body)} bytes)")
    console.print(Text(letter.source.body.decode("utf-8", "backslashreplace")))


@app.command("retry")
def retry_letter(service: ServiceArgument, id: IdArgument, home: HomeOption = DEFAULT_HOME) -> None:
    """Send a dead letter's original bytes and headers to its topic again."""
    letter = _found(service, id, _asked(_known(service), home, desk.retried(service, id)))
    typer.echo(f"{service} {id}: on its way to {letter.source.topic} again")


def _known(service: str) -> str:
    if service not in names():
        typer.echo(f"there is no service {service}; there are {', '.join(names())}", err=True)
        raise typer.Exit(WRONG_USE)
    return service


def _asked(service: str, home: Path, work: Coroutine[object, object, T]) -> T:
    """What the desk of `service` says, by the environment's settings or the local stack's."""
    for key, value in read_env(Home(home.absolute()), service).items():
        os.environ.setdefault(key, value)
    try:
        return asyncio.run(work)
    except desk.DeskClosed as closed:
        typer.echo(str(closed), err=True)
        raise typer.Exit(FAILED) from None


def _found(service: str, id: int, letter: DeadLetter | None) -> DeadLetter:
    if letter is None:
        typer.echo(f"{service} has no dead letter {id}", err=True)
        raise typer.Exit(FAILED)
    return letter


def _summary(service: str, letter: DeadLetter) -> dict[str, str | int]:
    return {
        "service": service,
        "id": letter.id,
        "time": f"{letter.created_at:%Y-%m-%d %H:%M:%S}",
        "reason": letter.reason,
        "kind": letter.ce_type or "",
        "topic": f"{letter.source.topic}/{letter.source.partition}/{letter.source.offset}",
        "from": letter.sender or "",
        "sent_again": f"{letter.retried_at:%Y-%m-%d %H:%M:%S}" if letter.retried_at else "",
    }
