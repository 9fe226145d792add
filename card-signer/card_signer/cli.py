"""The card on this computer: let sites use it, look at it, sign with it, find what is broken."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from card_signer.autostart.cli import app as autostart
from card_signer.backends import backends
from card_signer.desk import LOCAL, Desk, Limits
from card_signer.development import app as development
from card_signer.development import asked
from card_signer.diagnose import diagnose as links
from card_signer.doors import serve as serving
from card_signer.finding import Finding
from card_signer.instance import single
from card_signer.screens import consent_of
from card_signer.seals.shelf import Shelf
from card_signer.settings import Settings, WrongSettings, load
from card_signer.streams import take_everything
from card_signer.troubles import Trouble
from card_signer.trust import Trust

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__
)
app.add_typer(autostart, name="autostart")
app.add_typer(development)  # its commands stand beside the others
_out, _err = Console(highlight=False), Console(stderr=True, highlight=False)

Wanted = Annotated[str, typer.Option("--card", help="fingerprint of the card that is meant")]


def main() -> None:
    """Run the program. Troubles are one sentence and what to do, with exit code 1."""
    take_everything()
    try:
        app()
    except Trouble as trouble:
        _say(trouble)
        sys.exit(1)
    except WrongSettings as wrong:
        _err.print(f"[red]设置有误（settings）[/]\n{wrong}")
        sys.exit(2)


@app.command("list")
def list_() -> None:
    """Every reader and software card, and whether there is a card in it."""
    slots = _desk(load()).slots()
    if not slots:
        raise Trouble("NO_READER")
    for slot in slots:
        _out.print(f"{slot.backend}\t{slot.name}\t{'有卡' if slot.has_card else '无卡'}")


@app.command()
def info(wanted: Wanted = "") -> None:
    """Whose card is in, until when it is valid, how many PIN tries are left."""
    desk = _desk(load())
    with desk.looking(wanted) as (card, holder):
        left = card.tries_left()
        for label, told in (
            ("企业", f"{holder.company} {holder.uscc}"),
            ("持卡人", f"{holder.person}（{holder.role.zh}）"),
            ("IC卡号", holder.card),
            ("证书号", holder.certificate_no),
            (
                "有效期",
                f"{holder.since.astimezone():%Y-%m-%d} — {holder.until.astimezone():%Y-%m-%d}",
            ),
            ("密码", "不计次数" if left is None else f"还可以尝试{left}次"),
            ("指纹", holder.fingerprint),
        ):
            _out.print(f"{label}\t{told}", soft_wrap=True, markup=False)
        for warning in holder.warnings(desk.now()):
            _err.print(f"[yellow]{warning}[/]")
        desk.check(holder)


@app.command()
def sign(
    document: Annotated[Path, typer.Argument(help="XML document to sign")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="default: stdout")] = None,
    wanted: Wanted = "",
) -> None:
    """Show a document, ask, and sign it."""
    try:
        data = document.read_bytes()
    except OSError as error:
        raise Trouble("BAD_REQUEST", what=f"{document}: {error.strerror}") from None
    signed = _desk(load()).sign(LOCAL, data, wanted)
    if output:
        output.write_bytes(signed)
    else:
        sys.stdout.buffer.write(signed)


@app.command("verify-pin")
def verify_pin(wanted: Wanted = "") -> None:
    """Try the PIN; never the last try."""
    with asked("密码") as pin:
        _desk(load()).verify_pin(pin, wanted)
    _out.print("密码正确")


@app.command("change-pin")
def change_pin(wanted: Wanted = "") -> None:
    """Change the PIN; never with the last try."""
    with asked("原密码") as old, asked("新密码") as new, asked("再次输入新密码") as again:
        if new.characters() != again.characters():
            raise Trouble("PIN_FORM", what="两次输入不一致")
        _desk(load()).change_pin(old, new, wanted)
    _out.print("密码已修改")


@app.command()
def diagnose() -> None:
    """Name the broken link: service, reader, card, PIN tries, certificate, clock, port, site."""
    settings = load()
    broken = False
    for finding in links(_desk(settings), settings):
        _out.print(_told(finding), soft_wrap=True)
        broken = broken or finding.trouble is not None
    if broken:
        raise typer.Exit(1)


@app.command()
def serve() -> None:
    """Let allowed sites use the card, each time with the user's word."""
    settings = load()
    if not settings.origins:
        raise Trouble("NO_SITES")
    with single(settings.state):
        try:
            asyncio.run(_serve(settings))
        except OSError as error:
            raise Trouble("PORT", port=settings.port, why=error.strerror) from None


async def _serve(settings: Settings) -> None:
    desk, stop, loop = _desk(settings), asyncio.Event(), asyncio.get_running_loop()

    for number in (signal.SIGINT, signal.SIGTERM):  # the loop's own way is not there on Windows
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))

    def ready(port: int) -> None:
        _out.print(f"ws://127.0.0.1:{port}  {'、'.join(sorted(settings.origins))}", soft_wrap=True)

    await serving(desk, settings, ready, stop)


def _desk(settings: Settings) -> Desk:
    limits = Limits(settings.answer_seconds, settings.a_minute)
    return Desk(
        backends(settings), consent_of(settings), limits, Trust.of(settings), Shelf.of(settings)
    )


def _told(finding: Finding) -> str:
    trouble, told = finding.trouble, escape(finding.told)
    if trouble is None:
        mark = "[green]✓[/]" if finding.is_checked else "[yellow]？[/]"
        return f"{mark} {finding.link}：{told}"
    return (
        f"[red]✗[/] {finding.link}：{told or escape(trouble.zh)}（{trouble.code}）\n"
        f"    {escape(trouble.en)}\n"
        f"    → {escape(trouble.todo_zh)} ({escape(trouble.todo_en)})"
    )


def _say(trouble: Trouble) -> None:
    said, todo = escape(trouble.zh), escape(f"{trouble.todo_zh} ({trouble.todo_en})")
    _err.print(f"[red]{said}[/]（{trouble.code}）\n{escape(trouble.en)}", soft_wrap=True)
    _err.print(f"→ {todo}", soft_wrap=True)
