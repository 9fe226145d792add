"""How a batch is cut: small parts first, no message lost, order kept."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from libs.service.incoming import Incoming
from libs.service.pipeline import in_parts

WHEN = datetime(2026, 11, 26, tzinfo=UTC)


def batch(count: int) -> list[Incoming]:
    return [Incoming("t", 0, number, WHEN, None, (), b"") for number in range(count)]


def test_parts_grow_until_they_are_as_large_as_they_may_be() -> None:
    sizes = [len(part) for part in in_parts(batch(400), 100)]
    assert sizes == [25, 50, 100, 100, 100, 25]


@given(st.integers(0, 700), st.integers(1, 300))
def test_together_they_are_the_batch(count: int, most: int) -> None:
    parts = in_parts(batch(count), most)
    assert [one.offset for part in parts for one in part] == list(range(count))
    assert all(0 < len(part) <= most for part in parts)
