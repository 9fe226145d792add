"""`tongbao replay`: make what is derived from the event streams again, from their beginning."""

import os
import subprocess
import sys

import typer

from deploy.local.environment import read_env
from deploy.local.home import Home
from tongbao.local import DEFAULT_HOME, HomeOption

app = typer.Typer(
    name="replay",
    help="Rebuild what is derived from the event streams.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def _group() -> None:
    """Rebuild what is derived from the event streams."""


@app.command("history")
def history(home: HomeOption = DEFAULT_HOME) -> None:
    """Drop history's projections and build them again from the events."""
    local = read_env(Home(home.absolute()), "history")
    command = [sys.executable, "-m", "services.history", "rebuild"]
    done = subprocess.run(command, env={**local, **os.environ}, check=False)  # noqa: S603 - our own
    raise typer.Exit(done.returncode)
