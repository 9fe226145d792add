"""Query keys are checked all at once, and say what would be right."""

from datetime import UTC, datetime

import pytest

from libs.lifecycle.tables import LIFECYCLES
from services.history.columns import COLUMNS
from services.history.queries import KEYS, Query, WrongQuery, read_query


def test_every_kind_of_document_can_be_searched_and_listed() -> None:
    assert set(KEYS) == set(COLUMNS) == set(LIFECYCLES)


def test_without_keys_the_first_ten_are_asked_for() -> None:
    assert read_query("booking", []) == Query((), 1, 10)
    assert read_query("booking", [("page", "3"), ("size", "50")]).offset == 100


def test_dates_are_days_in_beijing_both_included() -> None:
    query = read_query("booking", [("from", "2026-11-23"), ("to", "2026-11-23")])
    assert [value for _, value in query.conditions] == [
        datetime(2026, 11, 22, 16, tzinfo=UTC),
        datetime(2026, 11, 23, 16, tzinfo=UTC),
    ]


def test_empty_values_ask_for_nothing() -> None:
    assert read_query("booking", [("insurer", ""), ("status", "")]).conditions == ()


def test_all_that_is_wrong_is_told_at_once() -> None:
    given = [("insurer", "X"), ("status", "10,xx"), ("size", "0"), ("colour", "red"), ("page", "٣")]
    with pytest.raises(WrongQuery) as wrong:
        read_query("booking", given)
    assert [error.path for error in wrong.value.errors] == [name for name, _ in given]
    told = {error.path: error for error in wrong.value.errors}
    assert "PICC 人保财险（沙箱）" in told["insurer"].expected
    assert told["insurer"].label == "保险机构名称"
    assert "20 预约成功" in told["status"].expected
    assert "申请日期" not in told["colour"].expected
    assert "insurer" in told["colour"].expected


def test_a_key_given_twice_is_an_error() -> None:
    with pytest.raises(WrongQuery):
        read_query("booking", [("insurer", "PICC"), ("insurer", "CPIC")])


@pytest.mark.parametrize("kind", KEYS)
def test_conditions_hold_one_place_each(kind: str) -> None:
    for key in KEYS[kind]:
        assert key.condition.count("{}") == 1
