"""One statement of several parts: whose value is whose, and what is a conflict."""

from typing import Any

import pytest
from asyncpg import UniqueViolationError

from libs.service.db import Conflict
from libs.service.writing import Writing


class Answering:
    """A connection that answers with what it was made with."""

    def __init__(self, told: dict[str, Any] | Exception) -> None:
        self.told = told
        self.asked: list[tuple[Any, ...]] = []

    async def fetch(self, sql: str, *values: object) -> list[dict[str, Any]]:
        self.asked.append((sql, *values))
        if isinstance(self.told, Exception):
            raise self.told
        return [self.told]


def taken(table: str) -> UniqueViolationError:
    error = UniqueViolationError("duplicate key")
    error.table_name = table
    return error


def two_parts() -> Writing:
    writing = Writing()
    writing.add("first", "INSERT INTO a SELECT $2, $1 RETURNING 1", "x", "y")
    writing.add("second", "INSERT INTO b SELECT $1 RETURNING n", "z", tells="array_agg(n)")
    return writing


async def test_each_part_keeps_its_values_and_tells_its_own() -> None:
    connection = Answering({"first": 1, "second": [7]})
    assert await two_parts().run(connection) == {"first": 1, "second": [7]}  # type: ignore[arg-type]
    sql = (
        "WITH of_first AS (INSERT INTO a SELECT $2, $1 RETURNING 1),"
        " of_second AS (INSERT INTO b SELECT $3 RETURNING n)"
        " SELECT (SELECT count(*) FROM of_first) AS first,"
        " (SELECT array_agg(n) FROM of_second) AS second"
    )
    assert connection.asked == [(sql, "x", "y", "z")]


async def test_nothing_to_write_asks_nothing() -> None:
    connection = Answering({})
    assert await Writing().run(connection) == {}  # type: ignore[arg-type]
    assert connection.asked == []


async def test_a_count_that_does_not_fit_is_a_conflict() -> None:
    writing = two_parts()
    writing.wanting("first", 2, "changed meanwhile")
    with pytest.raises(Conflict, match="changed meanwhile"):
        await writing.run(Answering({"first": 1, "second": [7]}))  # type: ignore[arg-type]


async def test_a_key_that_is_taken_is_a_conflict_where_that_was_said() -> None:
    writing = two_parts()
    writing.unless_taken("a", "another was quicker")
    with pytest.raises(Conflict, match="another was quicker"):
        await writing.run(Answering(taken("a")))  # type: ignore[arg-type]
    with pytest.raises(UniqueViolationError):
        await writing.run(Answering(taken("b")))  # type: ignore[arg-type]
