"""Whatever a company, an insurer and a bank say, in whatever order it arrives."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.decisions import NOTHING
from services.policy.handlers import insurer
from tests.property.business.world import PAYMENT_NUMBERS, PROPOSAL_NUMBERS, World

steps = st.lists(st.tuples(st.integers(0, 16), st.integers(0, 100)), max_size=60)


@given(steps)
@settings(max_examples=200, deadline=None)
def test_nothing_is_paid_twice_and_no_move_is_lost(story: list[tuple[int, int]]) -> None:
    world = World()
    for deed, choice in story:
        world.deeds[deed](choice)
        world.check()
    world.settle()
    world.check()
    world.check_settled()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 60)), max_size=40))
@settings(max_examples=200, deadline=None)
def test_whoever_pays_often_pays_once(story: list[tuple[int, int]]) -> None:
    world = World().with_dues()
    for deed, choice in story:
        (world.pay, world.collect, world.wait, world.deliver)[deed](choice)
        world.check()
    world.settle()
    world.check_settled()


@given(st.lists(st.integers(0, 5), max_size=12))
@settings(max_examples=100, deadline=None)
def test_events_of_several_payments_may_arrive_in_any_order(order: list[int]) -> None:
    """Three tries to pay, the last one paid, all before policy hears of any."""
    world = World()
    world.submit(0)
    world.approve(0)
    world.settle()
    for number, result in ((0, 2), (1, 2), (2, 1)):  # failed, failed, paid
        world.pay(number)
        world.collect(number + len(PAYMENT_NUMBERS) * result)
    for choice in order:
        world.deliver(choice)
    world.settle()
    world.check()
    world.check_settled()
    assert world.offices["policy"].history(PROPOSAL_NUMBERS[0])[-1] == "31"


def test_the_story_these_tests_tell_can_end_well() -> None:
    """The random world is no place where nothing ever works."""
    world = World()
    tell: tuple[tuple[Callable[[int], None], int], ...] = (
        (world.submit, 0),
        (world.approve, 0),
        (world.deliver, 0),
        (world.pay, 0),
        (world.collect, len(PAYMENT_NUMBERS)),
    )
    for deed, choice in tell:
        deed(choice)
        world.settle()
    world.issue(0)
    assert world.offices["policy"].history(PROPOSAL_NUMBERS[0]) == [
        *("10", "12", "24", "30", "31", "50")
    ]
    assert not world.refused


def test_mutation_without_a_timer_the_world_finds_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insurer, "awaiting", lambda *_: NOTHING)
    world = World()
    for deed in (world.submit, world.withdraw):
        deed(0)
        world.check()
    world.answer_withdrawal(0)
    with pytest.raises(AssertionError):
        world.check()
