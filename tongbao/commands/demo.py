"""`tongbao demo`: the product's main job, played on the real stack."""

from typing import Annotated, Literal

import typer
from rich.console import Console

from deploy.local.stack import LocalStack
from tongbao.demo.run import play
from tongbao.local import DEFAULT_HOME, HomeOption, PortBaseOption, open_stack

_COLUMNS_MIN = 140  # narrower, tables would lose their words

CardOption = Annotated[
    Literal["file", "piv"],
    typer.Option(help="Cards are key files, or PIV cards in a virtual reader, by the card signer."),
]
KeepOption = Annotated[bool, typer.Option("--keep", help="Leave the system running afterwards.")]


def demo(
    home: HomeOption = DEFAULT_HOME,
    port_base: PortBaseOption = None,
    keep: KeepOption = False,
    card: CardOption = "file",
) -> None:
    """Play the story: a card-signed cargo proposal becomes a policy in force."""
    console = Console(highlight=False)
    console.width = max(console.width, _COLUMNS_MIN)
    stack = open_stack(home, port_base, console)
    was_running = bool(stack.supervisor.names())
    try:
        stack.up()
        good = play(stack, console, piv=card == "piv")
    finally:
        if not (keep or was_running):
            stack.stop()
    where_next(console, stack, running=keep or was_running)
    if not good:
        console.print(f"[red]Not everything came out as it should.[/] Logs: {stack.home.logs}")
        raise typer.Exit(1)
    console.print("[green]Every document reached its state and every count balances.[/]")


def where_next(console: Console, stack: LocalStack, *, running: bool) -> None:
    """What a reader may want to look at now."""
    console.print(f"\n电子保单 (PDF): {stack.home.root / 'e-policies'}; logs: {stack.home.logs}")
    if running:
        console.print(f"The system is running: {stack.addresses()['portal']}/api/openapi.json")
    else:
        console.print(
            "[bold]make up[/] leaves the same system running; [bold]make down[/] ends it."
        )
    console.print("ARCHITECTURE.md explains what you saw; docs/generated/ has messages and topics.")
