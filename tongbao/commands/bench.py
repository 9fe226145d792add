"""`tongbao bench`: measure against references in the same run."""

import json
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from bench.harness import Result

CHECKOUT = Path(__file__).resolve().parents[2]
WRONG_USE = 2
NOT_MET = 1


def bench(
    name: Annotated[str | None, typer.Argument(help="Which; without it all.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    write: Annotated[
        bool, typer.Option(help="Write the results into docs/performance.md.")
    ] = False,
) -> None:
    """Measure all benchmarks or one. Exit 0 when every target was met, 1 when not."""
    names = _room("bench.names")
    if name is not None and name not in names.NAMES:
        typer.echo(f"no benchmark {name}: one of {', '.join(names.NAMES)}", err=True)
        raise typer.Exit(WRONG_USE)
    machine = _room("bench.machine").machine()
    met = True
    for chosen in [name] if name else names.NAMES:
        result = _measured(names, chosen)
        met = met and result.met
        if write:
            _room("bench.report").store(CHECKOUT, [result.as_json()], machine)
        if as_json:
            typer.echo(json.dumps(result.as_json(), ensure_ascii=False))
        else:
            _show(result)
    if not met:
        raise typer.Exit(NOT_MET)


def _measured(names: Any, name: str) -> "Result":
    try:
        result: Result = names.load(name)()
    except ModuleNotFoundError as missing:
        typer.echo(f"{missing.name} is not installed: run `make setup`", err=True)
        raise typer.Exit(WRONG_USE) from None
    return result


def _show(result: "Result") -> None:
    goal = f", target {_goal(result.target, result.at_most)}" if result.target is not None else ""
    met = "met" if result.met else "not met"
    title = f"{result.name}: {result.value:,} {result.unit}{goal}: {met}"
    table = Table(title=title, title_justify="left", caption=result.load, caption_justify="left")
    for column in ("", "value", "ratio", "target", "met"):
        table.add_column(column)
    for row in result.reference:
        mark = "yes" if row.met else "no"
        table.add_row(row.name, f"{row.value:,}", f"{row.ratio}", f"≥ {row.target}", mark)
    for figure in result.figures:
        target = "" if figure.target is None else _goal(figure.target, figure.at_most)
        mark = ("yes" if figure.met else "no") if target else ""
        table.add_row(figure.name, f"{figure.value:,} {figure.unit}", "", target, mark)
    Console().print(table)


def _goal(target: float, at_most: bool) -> str:
    return f"{'≤' if at_most else '≥'} {target:g}"


def _room(module: str) -> Any:
    """A module of the room above this one: loaded only when it is asked for."""
    return import_module(module)
