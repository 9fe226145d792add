"""Headers in the database: lossless for any bytes."""

from hypothesis import given
from hypothesis import strategies as st

from libs.service.packing import pack, unpack


@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8")), st.binary())))
def test_they_come_out_as_they_went_in(headers: list[tuple[str, bytes]]) -> None:
    assert unpack(pack(headers)) == tuple(headers)
