"""What is written from the tables: the lifecycles page and the generated parts of READMEs.

A README asks for a part by a pair of comments, `<!-- begin: lifecycle booking -->` and
`<!-- end -->`; between them stands what `part` writes.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from libs.lifecycle.table import NEW, Lifecycle, Transition
from libs.lifecycle.tables import LIFECYCLES
from libs.messages.topics import TOPICS, Topic

ROOT = Path(__file__).parents[2]
PAGE = Path("docs/generated/lifecycles.md")
_PART = re.compile(
    r"(<!-- begin: (?P<what>\w+) (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL
)
_HEAD = """# Lifecycles

Generated from `libs/lifecycle/tables` by `python -m libs.lifecycle generate`; do not edit.
Source: domain notes 4. A move that is in no table is refused, with a sentence that says what is
possible.
"""


def files(root: Path = ROOT) -> dict[Path, str]:
    """Every generated file and what it should hold; paths relative to `root`."""
    readmes = {
        path.relative_to(root): _filled(path.read_text(encoding="utf-8"))
        for path in sorted(root.glob("services/*/README.md"))
    }
    return {PAGE: page(), **readmes}


def generate(root: Path = ROOT) -> None:
    """Write every generated file."""
    for path, text in files(root).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def stale(root: Path = ROOT) -> list[Path]:
    """Generated files that do not hold what they should."""
    return [
        path
        for path, text in files(root).items()
        if not (root / path).exists() or (root / path).read_text(encoding="utf-8") != text
    ]


def page() -> str:
    """The page of all lifecycles."""
    return "\n".join([_HEAD, *(_section(table) for table in LIFECYCLES.values())])


def _section(table: Lifecycle) -> str:
    return "\n".join(
        [
            f"## {table.title} · `{table.document}`\n",
            _diagram(table),
            "",
            *_states(table),
            "",
            *_moves(table),
            "",
        ]
    )


def _diagram(table: Lifecycle) -> str:
    return f"```mermaid\n{table.mermaid()}\n```"


def _states(table: Lifecycle) -> Iterator[str]:
    yield "| code | state | in English | what may be done there, by whom |"
    yield "| --- | --- | --- | --- |"
    for state in (None, *table.states):
        code = state.code if state else None
        rows = [row for row in table.transitions if (row.frm.code if row.frm else None) == code]
        done = dict.fromkeys(f"{row.action.zh}（{_who(row)}）" for row in rows)
        name, english = (state.zh, state.en) if state else (NEW, "no document yet")
        yield f"| {code or ''} | {name} | {english} | {'、'.join(done) or '–'} |"


def _moves(table: Lifecycle) -> Iterator[str]:
    yield "| from | action | to | who | message | what the status record says |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for row in table.transitions:
        frm = row.frm.code if row.frm else NEW
        kind = f"`{row.kind}`" if row.kind else "the clock"
        yield (
            f"| {frm} | {row.action.zh} `{row.action.name}` | {row.to.code} | {_who(row)} "
            f"| {kind} | {row.sentence} |"
        )


def _who(row: Transition) -> str:
    return "、".join(sorted(role.zh for role in row.who))


def _filled(text: str) -> str:
    return _PART.sub(
        lambda found: f"{found[1]}{part(found['what'], found['name'])}\n{found[4]}", text
    )


def part(what: str, name: str) -> str:
    """One generated part of a README. Raises KeyError for a part nobody knows."""
    return _PARTS[what](name)


def _lifecycle_part(document: str) -> str:
    return _diagram(LIFECYCLES[document])


def _topics_part(service: str) -> str:
    lines = ["| | topic | message kinds |", "| --- | --- | --- |"]
    lines += [_topic("in", row) for row in TOPICS.values() if service in row.consumers]
    lines += [_topic("out", row) for row in TOPICS.values() if service in row.producers]
    return "\n".join(lines)


def _topic(direction: str, row: Topic) -> str:
    kinds = ", ".join(sorted(kind.removeprefix("cn.tongbao.") for kind in row.kinds))
    return f"| {direction} | `{row.name}` | {kinds} |"


_PARTS: dict[str, Callable[[str], str]] = {"lifecycle": _lifecycle_part, "topics": _topics_part}
