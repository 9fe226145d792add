"""`tongbao run`: services in the foreground, for production and for debugging."""

import os
import sys
from typing import Annotated

import typer

from deploy.local.environment import read_env
from deploy.local.home import Home
from tongbao.local import DEFAULT_HOME, HomeOption

NamesArgument = Annotated[list[str], typer.Argument(help="Services, such as policy payment.")]


def run(names: NamesArgument, home: HomeOption = DEFAULT_HOME) -> None:
    """Run services in this process, with settings from the environment.

    What the environment does not say comes from the local stack's settings files, if there are any.
    """
    place = Home(home.absolute())
    local = {key: value for name in names for key, value in read_env(place, name).items()}
    command = [sys.executable, "-m", "services", *names]
    os.execve(sys.executable, command, {**local, **os.environ})  # noqa: S606 - our own interpreter
