"""What was committed here and is not published yet: a bounded few, in order."""

from libs.service.at_hand import AtHand
from libs.service.outbox import Outbound, Waiting


def rows(*numbers: int, size: int = 10) -> list[Waiting]:
    return [Waiting(number, Outbound("t", b"k", (), b"x" * size)) for number in numbers]


def test_what_is_published_is_forgotten() -> None:
    at_hand = AtHand()
    at_hand.add(rows(1, 2, 5))
    at_hand.drop(2)
    assert list(at_hand.messages) == [5]
    at_hand.clear()
    assert not at_hand.messages


def test_no_more_is_kept_than_there_is_room_for() -> None:
    at_hand = AtHand(bytes_max=25)
    at_hand.add(rows(1, 2, 3))
    assert list(at_hand.messages) == [1, 2]
    at_hand.drop(1)
    at_hand.add(rows(4))
    assert list(at_hand.messages) == [2, 4]
