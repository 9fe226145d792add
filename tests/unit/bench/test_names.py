"""Benchmarks by name: all of the system, all of cards, or one."""

import pytest

from bench.names import CARD_NAMES, NAMES, chosen


def test_a_name_stands_for_one_or_a_group() -> None:
    assert chosen(None) == tuple(NAMES)
    assert chosen("card") == tuple(CARD_NAMES)
    assert not NAMES.keys() & CARD_NAMES.keys()


@pytest.mark.parametrize("name", [*NAMES, *CARD_NAMES])
def test_each_can_be_had_alone(name: str) -> None:
    assert chosen(name) == (name,)


@pytest.mark.parametrize("name", ["", "cards", "VERIFY", "verify "])
def test_an_unknown_name_stands_for_none(name: str) -> None:
    assert chosen(name) == ()
