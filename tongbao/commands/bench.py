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
    name: Annotated[
        str | None, typer.Argument(help="Which, or `card` for all of cards; without it all others.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    write: Annotated[
        bool, typer.Option(help="Write the results into docs/performance.md (-card.md).")
    ] = False,
) -> None:
    """Measure benchmarks. Exit 0 when each was measured and met its targets, 1 when not."""
    names, report = _room("bench.names"), _room("bench.report")
    if not (chosen := names.chosen(name)):
        known = ", ".join(["card", *names.NAMES, *names.CARD_NAMES])
        typer.echo(f"no benchmark {name}: one of {known}", err=True)
        raise typer.Exit(WRONG_USE)
    machine = _room("bench.machine").machine()
    met = True
    for each in chosen:
        result = _measured(names, each)
        met = met and result is not None and result.met
        if result is None:
            continue
        if write:
            page = report.CARD if each in names.CARD_NAMES else report.MAIN
            report.store(CHECKOUT, [result.as_json()], machine, page)
        if as_json:
            typer.echo(json.dumps(result.as_json(), ensure_ascii=False))
        else:
            _show(result)
    if not met:
        raise typer.Exit(NOT_MET)


def _measured(names: Any, name: str) -> "Result | None":
    """None when what is measured is not on this machine, which is said."""
    try:
        result: Result = names.load(name)()
    except _room("bench.harness").NotHere as lacking:
        typer.echo(f"{name}: not measured, not here: {lacking}", err=True)
        return None
    except ModuleNotFoundError as missing:
        target = "bench-card" if name in names.CARD_NAMES else "setup"
        typer.echo(f"{missing.name} is not installed: run `make {target}`", err=True)
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
