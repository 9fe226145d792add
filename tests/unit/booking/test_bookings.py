"""货运险预约: from the company to the insurer and back."""

from datetime import timedelta
from itertools import product

import pytest

from libs.decisions.checks import (
    HOLDER_DIFFERS,
    OTHER_COMPANY,
    UNKNOWN_DOCUMENT,
    WRONG_NUMBER,
    WRONG_PARTNER,
)
from libs.lifecycle import WRONG_ROLE, WRONG_STATE, Reason, Rejected
from libs.lifecycle.tables import BOOKING as TABLE
from libs.messages.kinds.booking import BookingResult
from libs.messages.parties import Role
from libs.messages.samples import OTHER_COMPANY as STRANGE_NAME
from libs.messages.samples import OTHER_USCC, a_booking
from services.booking import reasons, rules
from services.booking.documents import BOOKINGS
from services.booking.handlers import ANSWERS, UNANSWERED
from tests.support.office import CPIC, LEGAL_PERSON, OPERATOR, PICC, STRANGER, in_state
from tests.unit.booking.desk import BOOKING, Desk

RECEIVED, ACCEPTED, DECLINED = BookingResult


@pytest.fixture
def desk() -> Desk:
    return Desk()


def refused(no: pytest.ExceptionInfo[Rejected]) -> Reason:
    return no.value.reason


def test_a_booking_goes_to_the_insurer_as_the_company_signed_it(desk: Desk) -> None:
    desk.submit()
    [(topic, message)] = desk.office.forwarded
    assert topic == "partner.picc.requests"
    assert message.meta.document_id == BOOKING
    assert desk.booking == "10"


def test_the_insurer_receives_then_accepts(desk: Desk) -> None:
    desk.submit()
    desk.answer(RECEIVED)
    desk.answer(ACCEPTED)
    assert desk.office.history(BOOKING) == ["10", "12", "20"]
    assert desk.office.told(BOOKING).status_name == "预约成功"
    assert desk.office.told(BOOKING).actor == "人保财险（沙箱）"


def test_a_declined_booking_tells_why(desk: Desk) -> None:
    desk.submit()
    desk.answer(DECLINED, reason="货值超出承保能力")
    told = desk.office.told(BOOKING)
    assert (told.status, told.reason_code) == ("21", "B01")
    assert told.note == "预约失败：货值超出承保能力"


def test_a_silent_insurer_means_not_received_and_the_company_sends_again(desk: Desk) -> None:
    desk.submit()
    desk.office.ring(BOOKINGS, BOOKING, UNANSWERED)
    assert desk.booking == "11"
    assert desk.office.told(BOOKING).actor_role is Role.SERVICE
    desk.submit()
    assert desk.booking == "10"
    assert len(desk.office.forwarded) == 2


def test_an_answer_after_our_patience_still_counts(desk: Desk) -> None:
    desk.submit()
    desk.office.ring(BOOKINGS, BOOKING, UNANSWERED)
    desk.answer(ACCEPTED)
    assert desk.booking == "20"


def test_an_answer_ends_the_wait(desk: Desk) -> None:
    desk.submit()
    wait = desk.office.timers[BOOKINGS.ref(BOOKING), UNANSWERED] - desk.office.now
    assert wait == rules.RECEIPT_WAIT == timedelta(minutes=2)
    desk.answer(RECEIVED)
    assert not desk.office.timers


def test_a_timer_that_comes_too_late_does_nothing(desk: Desk) -> None:
    desk.submit()
    timers = dict(desk.office.timers)
    desk.answer(RECEIVED)
    desk.office.timers = timers
    desk.office.ring(BOOKINGS, BOOKING, UNANSWERED)
    assert desk.booking == "12"


@pytest.mark.parametrize("result", BookingResult)
def test_the_same_answer_twice_changes_nothing(desk: Desk, result: BookingResult) -> None:
    desk.submit()
    assert desk.answer(result)
    assert not desk.answer(result)


def test_a_contradicting_answer_is_refused(desk: Desk) -> None:
    desk.submit()
    desk.answer(ACCEPTED)
    with pytest.raises(Rejected) as no:
        desk.answer(DECLINED)
    assert refused(no) == WRONG_STATE


def test_another_insurer_may_not_answer(desk: Desk) -> None:
    desk.submit()
    with pytest.raises(Rejected) as no:
        desk.answer(ACCEPTED, by=CPIC)
    assert refused(no) == WRONG_PARTNER


def test_an_answer_to_nothing_is_told(desk: Desk) -> None:
    with pytest.raises(Rejected) as no:
        desk.answer(ACCEPTED)
    assert refused(no) == UNKNOWN_DOCUMENT


def test_a_booking_in_another_companys_name_is_refused(desk: Desk) -> None:
    with pytest.raises(Rejected) as no:
        desk.submit(a_booking(uscc=OTHER_USCC))
    assert refused(no) == HOLDER_DIFFERS
    with pytest.raises(Rejected) as no:
        desk.submit(a_booking(name=STRANGE_NAME))
    assert "企业名称" in no.value.text()


def test_a_number_in_use_by_another_company_is_refused(desk: Desk) -> None:
    desk.submit()
    with pytest.raises(Rejected) as no:
        desk.submit(a_booking(name=STRANGER.name, uscc=STRANGER.party), by=STRANGER)
    assert refused(no) == OTHER_COMPANY


@pytest.mark.parametrize("number", ["TB20261123K7Q2M9XD4P", "YY1", "YY20261123K7Q2M9XD4PX"])
def test_a_number_of_another_form_is_refused(desk: Desk, number: str) -> None:
    with pytest.raises(Rejected) as no:
        desk.submit(id=number)
    assert refused(no) == WRONG_NUMBER


def test_sending_again_stays_with_the_insurer(desk: Desk) -> None:
    desk.submit()
    desk.office.ring(BOOKINGS, BOOKING, UNANSWERED)
    with pytest.raises(Rejected) as no:
        desk.submit(a_booking("CPIC"))
    assert refused(no) == reasons.INSURER_CHANGED


def test_a_legal_persons_card_does_not_book(desk: Desk) -> None:
    with pytest.raises(Rejected) as no:
        desk.submit(by=LEGAL_PERSON)
    assert refused(no) == WRONG_ROLE


@pytest.mark.parametrize(
    ("state", "result"), list(product([state.code for state in TABLE.states], BookingResult))
)
def test_in_every_state_answers_do_what_the_table_says(
    desk: Desk, state: str, result: BookingResult
) -> None:
    desk.submit()
    desk.office.put(in_state(desk.office.records[BOOKINGS.ref(BOOKING)], state))
    action, to = ANSWERS[result]
    if state == to.code:
        assert not desk.answer(result)
    elif action in TABLE.actions(state, PICC.role):
        assert desk.answer(result)
        assert desk.booking == to.code
    else:
        with pytest.raises(Rejected):
            desk.answer(result)


@pytest.mark.parametrize("state", [state.code for state in TABLE.states])
def test_in_every_state_sending_again_does_what_the_table_says(desk: Desk, state: str) -> None:
    desk.submit()
    desk.office.put(in_state(desk.office.records[BOOKINGS.ref(BOOKING)], state))
    if TABLE.actions(state, OPERATOR.role):
        desk.submit()
        assert desk.booking == "10"
    else:
        with pytest.raises(Rejected):
            desk.submit()
