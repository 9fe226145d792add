"""Writing to several tables by one statement: each table a part of one WITH.

What a batch writes is little beside a round trip to PostgreSQL; ten of them, one a table and more
for each COPY, were most of what a message cost that came alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from asyncpg import UniqueViolationError

from libs.service.db import Conflict, Connection

COUNT = "count(*)"
_PLACE = re.compile(r"\$(\d+)")


@dataclass
class Writing:
    """Parts to be written together, in this order; no two of them may touch the same row."""

    _parts: list[tuple[str, str, str, int]] = field(default_factory=list)
    _values: list[object] = field(default_factory=list)
    _taken: dict[str, str] = field(default_factory=dict)
    _wanted: dict[str, tuple[int, str]] = field(default_factory=dict)

    def add(self, name: str, sql: str, *values: object, tells: str = COUNT) -> None:
        """A part: `sql` returns rows and its `$1` is the first of `values`.

        `run` answers what `tells`, an aggregate, says of the rows.
        """
        self._parts.append((name, sql, tells, len(values)))
        self._values += values

    def unless_taken(self, table: str, otherwise: str) -> None:
        """A key of `table` that is there already is a Conflict: `otherwise`."""
        self._taken[table] = otherwise

    def wanting(self, name: str, count: int, otherwise: str) -> None:
        """Another number of rows in the part `name` is a Conflict: `otherwise`."""
        self._wanted[name] = count, otherwise

    async def run(self, connection: Connection) -> Mapping[str, Any]:
        """Write all, inside the caller's transaction; what each part tells, by its name.

        Raises Conflict.
        """
        if not self._parts:
            return {}
        try:
            [told] = await connection.fetch(_statement(tuple(self._parts)), *self._values)
        except UniqueViolationError as error:
            if (table := error.table_name or "") in self._taken:
                raise Conflict(self._taken[table]) from None
            raise
        for name, (count, otherwise) in self._wanted.items():
            if told[name] != count:
                raise Conflict(otherwise)
        return dict(told)


@lru_cache(maxsize=256)
def _statement(parts: tuple[tuple[str, str, str, int], ...]) -> str:
    """The parts as one; those whose answers are asked for first are carried out first."""
    members, answers, before = [], [], 0
    for name, sql, tells, count in parts:
        members.append(f"of_{name} AS ({_behind(sql, before)})")
        answers.append(f"(SELECT {tells} FROM of_{name}) AS {name}")  # noqa: S608 - our own names
        before += count
    return f"WITH {', '.join(members)} SELECT {', '.join(answers)}"


def _behind(sql: str, before: int) -> str:
    return _PLACE.sub(lambda place: f"${int(place[1]) + before}", sql)
