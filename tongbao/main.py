"""The one command-line program; each verb is a function of `tongbao.commands`."""

import logging
import sys

import typer

from tongbao.commands import deadletters, replay
from tongbao.commands.bench import bench
from tongbao.commands.demo import demo
from tongbao.commands.down import down
from tongbao.commands.run import run
from tongbao.commands.signing import sign, verify
from tongbao.commands.status import status
from tongbao.commands.topics import topics
from tongbao.commands.up import up
from tongbao.guard import guarded

app = typer.Typer(
    name="tongbao",
    help="Tongbao (通保): insurance services of a trade single window.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for verb in (up, down, status, run, topics, sign, verify, demo, bench):
    app.command()(verb)
for group in (deadletters.app, replay.app):
    app.add_typer(group)


def main() -> None:
    """Entry point of the `tongbao` script."""
    logging.getLogger().addHandler(logging.NullHandler())  # libraries' warnings are not the user's
    sys.exit(guarded(app))


if __name__ == "__main__":
    main()
