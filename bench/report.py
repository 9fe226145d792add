"""The pages of results: written from what was measured, never by hand.

Results lie as JSON beside a page. A page has places for them, `<!-- bench:NAME -->` up to
`<!-- /bench -->`; the text between is replaced, the rest is people's.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_PLACE = re.compile(r"(<!-- bench:(?P<name>[a-z-]+) -->\n).*?(<!-- /bench -->)", re.DOTALL)

Stored = dict[str, Any]  # results, and the machine of each, by benchmark; growth by table
_EMPTY: Mapping[str, Any] = {"results": {}, "machine": {}, "growth": {}}


@dataclass(frozen=True, slots=True)
class Page:
    """One page, and where its results lie; from the root of the checkout."""

    page: Path
    results: Path
    leaves_out: frozenset[str] = frozenset()  # what of the machine has nothing to do with it


MAIN = Page(Path("docs/performance.md"), Path("docs/generated/bench.json"))
CARD = Page(
    Path("docs/performance-card.md"), Path("docs/generated/bench-card.json"), frozenset({"stores"})
)


@dataclass(frozen=True, slots=True)
class Growth:
    """How costs grow with one thing: a table, what it is about, and where it was measured."""

    title: str
    columns: list[str]
    rows: list[list[float | str]]
    machine: Mapping[str, str]


def stored(root: Path, page: Page = MAIN) -> Stored:
    """What was measured so far."""
    path = root / page.results
    found: Stored = json.loads(path.read_text()) if path.exists() else {}
    return {**_EMPTY, **found}


def store(
    root: Path,
    results: Iterable[Mapping[str, Any]],
    machine: Mapping[str, str],
    page: Page = MAIN,
) -> None:
    """Take in new results, each with the machine it was measured on, and write the page anew."""
    known = stored(root, page)
    told = {key: value for key, value in machine.items() if key not in page.leaves_out}
    for result in results:
        known["results"][result["name"]] = dict(result)
        known["machine"][result["name"]] = told
    _write(root, known, page)


def store_growth(root: Path, name: str, table: Growth) -> None:
    """Take in a table of how costs grow, and write the page anew."""
    known = stored(root)
    known["growth"] = {**known["growth"], name: asdict(table)}
    _write(root, known, MAIN)


def _write(root: Path, known: Stored, page: Page) -> None:
    (root / page.results).write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n")
    path = root / page.page
    path.write_text(rendered(path.read_text(), known))


def rendered(page: str, known: Stored) -> str:
    """The page with every place filled. Raises KeyError for a place that nothing fills."""
    blocks = {
        "table": _table(known["results"]),
        "figures": _figures(known["results"]),
        "machine": _machine(known["machine"]),
        "growth": _growth(known["growth"]),
    }
    return _PLACE.sub(lambda found: found[1] + blocks[found["name"]] + found[3], page)


def _table(results: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        "| bench | value | reference | ratio | target | met |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, row in results.items():
        references = _listed(row["reference"])
        told = "<br>".join(f"{one['name']}: {_number(one['value'])}" for one in references) or "–"
        ratios = "<br>".join(map(str, _listed(row["ratio"]))) or "–"
        goals = "<br>".join(_listed(row["target"])) or "–"
        met = "yes" if row["met"] else "**no**"
        value = f"{_number(row['value'])} {row['unit']}"
        rows.append(f"| `{name}` | {value} | {told} | {ratios} | {goals} | {met} |")
    return "\n".join(rows) + "\n"


def _figures(results: Mapping[str, Mapping[str, Any]]) -> str:
    parts = []
    for name, row in results.items():
        if not row["figures"] and not row["load"]:
            continue
        parts.append(f"### `{name}`\n\n{row['load']}\n")
        if row["figures"]:
            parts.append("| figure | value | target | met |\n| --- | --- | --- | --- |")
            parts += [_figure(one) for one in row["figures"]]
            parts.append("")
    return "\n".join(parts) + "\n"


def _figure(one: Mapping[str, Any]) -> str:
    met = "" if one["target"] is None else "yes" if one["met"] else "**no**"
    value = f"{_number(one['value'])} {one['unit']}".strip()
    return f"| {one['name']} | {value} | {one['target'] or ''} | {met} |"


def _machine(machines: Mapping[str, Mapping[str, str]]) -> str:
    """Each machine and moment once, with the benchmarks that were measured there."""
    groups: dict[str, list[str]] = {}
    for name, told in machines.items():
        text = "\n".join(f"- {key}: {value}" for key, value in told.items())
        groups.setdefault(text, []).append(f"`{name}`")
    return "\n".join(f"{', '.join(names)}:\n\n{text}\n" for text, names in groups.items())


def _growth(tables: Mapping[str, Mapping[str, Any]]) -> str:
    parts = []
    for table in tables.values():
        told = table["machine"]
        parts.append(f"### {table['title']}\n")
        parts.append(f"Measured {told['measured']} at {told['commit']}, {told['processor']}.\n")
        parts.append(f"| {' | '.join(table['columns'])} |\n|{' --- |' * len(table['columns'])}")
        parts += [f"| {' | '.join(map(_cell, row))} |" for row in table["rows"]]
        parts.append("")
    return "\n".join(parts) + "\n"


def _cell(value: float | str) -> str:
    return value if isinstance(value, str) else _number(value)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:g}"  # noqa: PLR2004
