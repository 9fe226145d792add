"""An insurer that owes an answer is asked again: the same message, ever more rarely, never anew."""

from datetime import timedelta
from uuid import UUID

import pytest

from libs.lifecycle import Rejected
from libs.messages.base import Message
from libs.messages.kinds.proposal import (
    PremiumPaid,
    SubmitCargoProposal,
    UnderwritingResult,
    WithdrawalResult,
    WithdrawCargoProposal,
)
from services.policy import rules
from services.policy.documents import PROPOSALS
from services.policy.handlers.asking import UNANSWERED
from services.policy.settings import PolicySettings
from tests.support.office import MORNING
from tests.unit.policy.desk import PROPOSAL, Desk, a_desk

KEY = (PROPOSALS.ref(PROPOSAL), UNANSWERED)
HOUR = 3600.0
ASKED: dict[str, type[Message]] = {
    "12": SubmitCargoProposal,
    "20": SubmitCargoProposal,
    "21": SubmitCargoProposal,
    "40": WithdrawCargoProposal,
    "31": PremiumPaid,
}
QUIET = ("01", "02", "11", "22", "23", "24", "30", "32", "41", "50")


def silence(desk: Desk) -> float:
    """Nothing is heard until the insurer is asked again: how many seconds that took."""
    before = desk.office.now
    desk.office.ring(PROPOSALS, PROPOSAL, UNANSWERED)
    return (desk.office.now - before).total_seconds()


def asked_again(desk: Desk) -> list[UUID]:
    return [message.meta.message_id for _, message in desk.office.resent]


@pytest.mark.parametrize("status", ASKED)
def test_an_insurer_that_owes_an_answer_gets_the_same_message_again(status: str) -> None:
    desk = a_desk(status)
    before = desk.office.records[KEY[0]]
    sent, forwarded = len(desk.office.sent), len(desk.office.forwarded)
    for _ in range(3):
        silence(desk)
    assert {topic for topic, _ in desk.office.resent} == {"partner.picc.requests"}
    assert {type(message) for _, message in desk.office.resent} == {ASKED[status]}
    assert len(asked_again(desk)) == 3
    assert len(set(asked_again(desk))) == 1
    # it is no move: nothing is stored, told or sent under a new id
    assert desk.office.records[KEY[0]] == before
    assert (len(desk.office.sent), len(desk.office.forwarded)) == (sent, forwarded)


@pytest.mark.parametrize("status", QUIET)
def test_an_insurer_that_owes_nothing_is_left_alone(status: str) -> None:
    desk = a_desk(status)
    assert KEY not in desk.office.timers
    desk.office.timers[KEY] = MORNING
    silence(desk)
    assert not desk.office.resent
    assert KEY not in desk.office.timers


@pytest.mark.parametrize("status", ["12", "31", "40"])
def test_a_silent_insurer_is_asked_soon_and_then_ever_more_rarely(status: str) -> None:
    desk = a_desk(status)
    assert [silence(desk) for _ in range(10)] == [30, 60, 120, 240, 480, 960, 1920, *[HOUR] * 3]


@pytest.mark.parametrize("status", ["20", "21"])
def test_an_insurer_that_is_underwriting_is_given_hours(status: str) -> None:
    desk = a_desk(status)
    waits = [silence(desk) / HOUR for _ in range(7)]
    assert waits == [1, 2, 4, 8, 16, 24, 24]


def test_what_the_insurer_says_on_the_way_begins_the_wait_anew() -> None:
    desk = a_desk("12")
    for _ in range(5):
        silence(desk)
    desk.answer(UnderwritingResult.PENDING)
    assert silence(desk) == HOUR
    desk.office.later(minutes=5)
    desk.answer(UnderwritingResult.MANUAL_REVIEW)
    assert silence(desk) == HOUR


def test_an_amended_proposal_is_asked_about_in_its_last_form_only() -> None:
    desk = a_desk("12")
    silence(desk)
    first = desk.asked
    desk.answer(UnderwritingResult.REFUSED)
    assert KEY not in desk.office.timers
    desk.submit()
    silence(desk)
    assert asked_again(desk) == [first, desk.asked]
    assert desk.asked != first


def test_the_answer_to_what_was_asked_again_counts_and_ends_the_asking() -> None:
    desk = a_desk("12")
    silence(desk)
    assert desk.answer(UnderwritingResult.APPROVED, to=asked_again(desk)[0])
    assert desk.proposal == "24"
    assert KEY not in desk.office.timers


def test_an_answer_that_comes_twice_changes_nothing() -> None:
    desk = a_desk("20")
    due = desk.office.timers[KEY]
    desk.office.later(minutes=30)
    assert not desk.answer(UnderwritingResult.PENDING)
    assert desk.office.timers[KEY] == due


def test_a_withdrawal_takes_the_submissions_place() -> None:
    desk = a_desk("20")
    desk.office.later(minutes=59)
    desk.withdraw()
    assert silence(desk) == 30
    assert asked_again(desk) == [desk.asked]


def test_an_underwriting_answer_does_not_stop_asking_about_the_withdrawal() -> None:
    desk = a_desk("40")
    desk.answer(UnderwritingResult.APPROVED)
    assert silence(desk) == 30
    assert isinstance(desk.office.resent[-1][1], WithdrawCargoProposal)


@pytest.mark.parametrize(("status", "wait"), [("12", 30), ("20", HOUR), ("21", HOUR)])
def test_after_a_refused_withdrawal_the_submission_is_asked_about_again(
    status: str, wait: float
) -> None:
    desk = a_desk(status)
    submission = desk.asked
    desk.withdraw()
    desk.office.later(hours=3)
    desk.answer_withdrawal(WithdrawalResult.REFUSED)
    assert desk.proposal == status
    assert silence(desk) == wait
    assert asked_again(desk) == [submission]


def test_after_a_refused_withdrawal_with_a_kept_decision_nothing_is_owed() -> None:
    desk = a_desk("40")
    desk.answer(UnderwritingResult.APPROVED)
    desk.answer_withdrawal(WithdrawalResult.REFUSED)
    assert desk.proposal == "24"
    assert KEY not in desk.office.timers


def test_a_policy_ends_the_asking_about_a_paid_premium() -> None:
    desk = a_desk("31")
    silence(desk)
    desk.issue()
    assert KEY not in desk.office.timers


def test_a_refused_message_sets_no_timer() -> None:
    desk = a_desk("31")
    timers = dict(desk.office.timers)
    with pytest.raises(Rejected):
        desk.withdraw()
    assert desk.office.timers == timers


def test_the_first_waits_are_settings() -> None:
    settings = PolicySettings.model_construct(ask_again_seconds=0.5, ask_again_pending_seconds=2.0)
    assert settings.parameters == rules.Waits(timedelta(seconds=0.5), timedelta(seconds=2))
    desk = Desk()
    desk.office.given = settings.parameters
    desk.submit()
    assert [silence(desk) for _ in range(3)] == [0.5, 1, 2]
    desk.answer(UnderwritingResult.PENDING)
    assert [silence(desk) for _ in range(2)] == [2, 4]


def test_settings_that_say_something_else_are_told() -> None:
    desk = Desk()
    desk.office.given = "soon"
    with pytest.raises(TypeError, match="the settings give str, not Waits"):
        desk.submit()
