"""What policy follows: payments of its proposals, terms of agreements."""

from decimal import Decimal

import pytest

from libs.decisions.checks import UNKNOWN_DOCUMENT
from libs.lifecycle import Rejected
from libs.messages.kinds.proposal import PremiumPaid
from libs.messages.parties import Role
from libs.messages.samples import an_agreement
from services.policy import reasons
from services.policy.documents import AGREEMENT_COPIES
from tests.support.office import TODAY
from tests.unit.policy.desk import AGREEMENT, PAYMENT, PROPOSAL, Desk, a_desk

SECOND = "JF20261123BBBBBBBBBB"


def test_a_payment_moves_its_proposal_and_a_paid_one_is_told_to_the_insurer() -> None:
    desk = a_desk("24")
    desk.payment("30")
    assert desk.body.facts.payment_id == PAYMENT
    desk.payment("32")
    assert desk.states[-2:] == ["30", "31"]
    [(topic, notice)] = [row for row in desk.office.sent if isinstance(row[1], PremiumPaid)]
    assert topic == "partner.picc.requests"
    assert isinstance(notice, PremiumPaid)
    assert (notice.meta.document_id, notice.payment_id) == (PROPOSAL, PAYMENT)
    assert (notice.amount, notice.bank_reference) == (Decimal("55.00"), "B1")


def test_the_operator_pays_and_the_bank_answers() -> None:
    desk = a_desk("31")
    paying, paid = [event for event in desk.office.events if event.status in {"30", "31"}]
    assert (paying.actor_role, paid.actor_role) == (Role.OPERATOR, Role.BANK)


def test_a_failed_payment_tells_the_banks_reason_and_is_paid_again() -> None:
    desk = a_desk("30")
    desk.payment("33", failure="RJ03 余额不足")
    assert desk.note == "支付失败，可重新支付：RJ03 余额不足"
    assert desk.office.told(PROPOSAL).reason_code == "RJ03"
    desk.payment("30", attempt=2, id=SECOND)
    assert desk.office.told(PROPOSAL).action == "pay-again"
    desk.payment("32", attempt=2, id=SECOND)
    assert desk.proposal == "31"


@pytest.mark.parametrize("status", ["31", "34", "35"])
def test_what_banks_do_in_between_does_not_concern_a_proposal(status: str) -> None:
    desk = a_desk("30")
    assert not desk.payment(status).saves


def test_a_second_payment_that_overtakes_the_first_ones_failure() -> None:
    desk = a_desk("30")
    desk.payment("30", attempt=2, id=SECOND)
    assert desk.states[-3:] == ["30", "32", "30"]
    assert not desk.payment("33", attempt=1).saves
    desk.payment("32", attempt=2, id=SECOND)
    assert desk.proposal == "31"


def test_a_second_payment_that_overtakes_all_of_the_first() -> None:
    desk = a_desk("24")
    desk.payment("30", attempt=2, id=SECOND)
    assert not desk.payment("30", attempt=1).saves
    assert not desk.payment("33", attempt=1).saves
    assert desk.body.facts.payment_id == SECOND


def test_the_same_payment_event_twice_changes_nothing() -> None:
    assert not a_desk("30").payment("30").saves


def test_a_payment_of_an_unknown_proposal_is_told() -> None:
    with pytest.raises(Rejected) as no:
        Desk().payment("30")
    assert no.value.reason == UNKNOWN_DOCUMENT


def test_an_agreements_terms_stay_when_only_its_state_changes() -> None:
    desk = Desk()
    desk.agreement_changed(None, "2")
    copy = desk.office.records[AGREEMENT_COPIES.ref(AGREEMENT)]
    assert (copy.version, copy.body.status, copy.body.form) == (2, "2", an_agreement(TODAY))


def test_an_agreement_without_terms_is_told() -> None:
    desk = Desk()
    desk.office.records.clear()
    with pytest.raises(Rejected) as no:
        desk.agreement_changed(None)
    assert no.value.reason == reasons.UNKNOWN_AGREEMENT
