"""How the verbs name a local stack: `--home` and `--port-base`, or their environment variables."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.local.progress import ConsoleReporter
from deploy.local.stack import LocalStack

CHECKOUT = Path(__file__).resolve().parents[1]

HomeOption = Annotated[
    Path,
    typer.Option(
        "--home",
        envvar="TONGBAO_HOME",
        help="Directory the stack lives in.",
        file_okay=False,
        show_default=".tongbao in the checkout",
    ),
]
PortBaseOption = Annotated[
    int | None,
    typer.Option(
        "--port-base",
        envvar="TONGBAO_PORT_BASE",
        help="First of the stack's ports; remembered for this home.",
        show_default="17000",
    ),
]
DEFAULT_HOME = CHECKOUT / ".tongbao"


def open_stack(home: Path, port_base: int | None, console: Console | None = None) -> LocalStack:
    """The stack of a home, as it was last time or as the options say now."""
    return LocalStack.of(home, port_base, ConsoleReporter(console))
