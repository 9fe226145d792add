"""`tongbao bench`: measure against references in the same run."""

import json
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from bench.harness import Result

NAMES = {"verify": "bench.signatures:verify_bench", "sign": "bench.signatures:sign_bench"}
WRONG_USE = 2
NOT_MET = 1


def bench(
    name: Annotated[str | None, typer.Argument(help=f"One of {', '.join(NAMES)}.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Measure all benchmarks or one. Exit 0 when every target was met, 1 when not."""
    if name is not None and name not in NAMES:
        typer.echo(f"no benchmark {name}: one of {', '.join(NAMES)}", err=True)
        raise typer.Exit(WRONG_USE)
    met = True
    for chosen in [name] if name else NAMES:
        result = _benchmark(chosen)()
        met = met and result.met
        if as_json:
            typer.echo(json.dumps(result.as_json()))
            continue
        title = f"{result.name}: {result.value:,.0f} {result.unit}"
        table = Table(title=title, title_justify="left")
        for column in ("reference", result.unit, "ratio", "target", "met"):
            table.add_column(column)
        for row in result.reference:
            mark = "yes" if row.met else "no"
            table.add_row(row.name, f"{row.value:,.0f}", f"{row.ratio}", f"≥ {row.target}", mark)
        Console().print(table)
    if not met:
        raise typer.Exit(NOT_MET)


def _benchmark(name: str) -> Callable[[], "Result"]:
    try:
        module, _, function = NAMES[name].partition(":")
        found: Callable[[], Result] = getattr(import_module(module), function)
    except ModuleNotFoundError as missing:
        typer.echo(f"{missing.name} is not installed: run `make setup`", err=True)
        raise typer.Exit(WRONG_USE) from None
    return found
