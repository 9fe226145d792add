"""`tongbao down`: stop what `tongbao up` started."""

import shutil
from typing import Annotated

import typer
from rich.console import Console

from tongbao.local import DEFAULT_HOME, HomeOption, PortBaseOption, open_stack

PurgeOption = Annotated[bool, typer.Option("--purge", help="Remove the stack's data as well.")]


def down(
    home: HomeOption = DEFAULT_HOME, port_base: PortBaseOption = None, purge: PurgeOption = False
) -> None:
    """Stop this home's processes, and no others."""
    console = Console(highlight=False, soft_wrap=True)
    stack = open_stack(home, port_base, console)
    if not stack.home.root.exists():
        console.print(f"there is no stack in {stack.home.root}")
        return
    with stack.home.locked():
        stopped = stack.stop()
        if purge:
            shutil.rmtree(stack.home.root)
    console.print(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")
