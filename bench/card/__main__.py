"""`python -m bench.card`: what `tongbao bench card` does, where only card-signer is installed."""

from typing import Annotated

import typer

from tongbao.commands.bench import bench


def main(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    write: Annotated[bool, typer.Option(help="Write docs/performance-card.md.")] = False,
) -> None:
    """Measure signatures by cards. Exit 0 when every target was met, 1 when not."""
    bench("card", as_json, write)


if __name__ == "__main__":
    typer.run(main)
