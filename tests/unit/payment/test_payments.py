"""交费: reserved, collected once, asked about when in doubt, paid again after a failure."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest

from libs.decisions import NotYet
from libs.decisions.checks import OTHER_COMPANY, UNKNOWN_DOCUMENT, WRONG_NUMBER, WRONG_PARTNER
from libs.lifecycle import WRONG_ROLE, WRONG_STATE, Reason, Rejected
from libs.lifecycle.tables import PAYMENT as TABLE
from libs.messages.kinds.payment import (
    CollectionResult,
    CollectPremium,
    PaymentChanged,
    QueryCollection,
)
from libs.messages.parties import Role
from libs.messages.samples import ACCOUNT, OTHER_USCC, a_debit_agreement
from services.payment import reasons, rules
from services.payment.documents import PAYMENTS
from tests.support.office import LEGAL_PERSON, OPERATOR, STRANGER
from tests.unit.payment.desk import (
    AGREEMENT,
    OTHER_PROPOSAL,
    PAYMENT,
    PREMIUM,
    PROPOSAL,
    SECOND,
    Desk,
    agreement_in,
    payment_in,
    ready,
)

PENDING, PAID, FAILED, UNKNOWN = CollectionResult
NO_MONEY = ("RJ03", "余额不足")
STATES = ["30", "31", "32", "33", "34"]


def refusal(desk: Desk, **how: object) -> Reason:
    with pytest.raises(Rejected) as no:
        desk.pay(**how)  # type: ignore[arg-type] # whatever `pay` takes
    return no.value.reason


def test_a_payment_asks_the_bank_to_collect_what_is_due() -> None:
    desk = payment_in("30")
    [request] = desk.office.messages(CollectPremium)
    assert (request.bank, request.agreement_no, request.insurer) == ("ICBC", "AGR0001", "PICC")
    assert (request.debtor.account, request.creditor.name) == (ACCOUNT, "人保财险（沙箱）")
    assert (request.total, request.items[0].proposal_id) == (PREMIUM, PROPOSAL)
    assert desk.due().payment_id == PAYMENT


def test_a_collected_payment_settles_its_dues() -> None:
    desk = payment_in("30")
    desk.collection(PENDING)
    desk.collection(PAID)
    assert desk.office.history(PAYMENT) == ["30", "31", "32"]
    assert desk.due().paid
    assert desk.payment().facts.bank_reference == "B0001"
    assert not desk.office.timers
    assert desk.office.told(PAYMENT).actor_role is Role.BANK


def test_a_failed_payment_frees_its_dues_and_tells_why() -> None:
    desk = payment_in("30")
    desk.collection(FAILED, reason=NO_MONEY)
    told = desk.office.told(PAYMENT)
    assert (told.status, told.reason_code) == ("33", "RJ03")
    assert told.note == "银行扣款失败，可重新支付：余额不足"
    assert desk.payment().facts.failure == "RJ03 余额不足"
    assert desk.due().payment_id is None


def test_paying_again_is_a_new_payment_and_counts_as_the_next_try() -> None:
    desk = payment_in("33")
    desk.pay(id=SECOND)
    assert (desk.status(), desk.status(SECOND)) == ("33", "30")
    first, failed, second = desk.office.messages(PaymentChanged)
    assert [event.proposals[0].attempt for event in (first, failed, second)] == [1, 1, 2]


def test_many_proposals_are_paid_together() -> None:
    desk = ready().proposal(OTHER_PROPOSAL)
    desk.pay(PROPOSAL, OTHER_PROPOSAL)
    [request] = desk.office.messages(CollectPremium)
    assert request.total == 2 * PREMIUM
    desk.collection(PAID)
    assert desk.due().paid
    assert desk.due(OTHER_PROPOSAL).paid


def test_what_is_being_paid_is_not_paid_a_second_time() -> None:
    for status in ("30", "31", "34"):
        assert refusal(payment_in(status), id=SECOND) == reasons.ALREADY_PAYING


def test_what_is_paid_is_not_paid_again() -> None:
    assert refusal(payment_in("32"), id=SECOND) == reasons.ALREADY_PAID


def test_one_reserved_proposal_stops_the_whole_payment() -> None:
    desk = payment_in("30").proposal(OTHER_PROPOSAL)
    with pytest.raises(Rejected) as no:
        desk.pay(OTHER_PROPOSAL, PROPOSAL, id=SECOND)
    assert no.value.reason == reasons.ALREADY_PAYING
    assert desk.due(OTHER_PROPOSAL).payment_id is None


def test_a_payments_number_is_used_once() -> None:
    for status in STATES:
        assert refusal(payment_in(status)) == WRONG_STATE


def test_a_proposal_that_is_not_due_yet_is_waited_for() -> None:
    with pytest.raises(NotYet) as early:
        Desk().signed().pay()
    assert early.value.reason == reasons.NOTHING_DUE
    assert early.value.otherwise is None


@pytest.mark.parametrize("status", ["20", "30", "31", "32", "41", "50"])
def test_only_an_approval_makes_a_premium_due(status: str) -> None:
    with pytest.raises(NotYet):
        Desk().signed().proposal(status=status).pay()


def test_later_news_of_a_proposal_changes_nothing_about_its_due() -> None:
    desk = payment_in("30")
    for status in ("24", "30", "32"):
        desk.proposal(status=status, premium=Decimal("1.00"))
    assert (desk.due().amount, desk.due().payment_id) == (PREMIUM, PAYMENT)


def test_amounts_must_be_those_due() -> None:
    assert refusal(ready(), amount=Decimal("54.99")) == reasons.AMOUNT_DIFFERS


def test_the_payee_must_be_the_proposals_insurer() -> None:
    desk = Desk().signed().proposal(insurer="CPIC")
    assert refusal(desk) == reasons.PAYEE_DIFFERS


def test_another_companys_proposal_is_not_due_here() -> None:
    desk = Desk().signed().proposal(owner=OTHER_USCC)
    assert refusal(desk) == reasons.NOTHING_DUE


def test_another_companys_agreement_pays_nothing() -> None:
    assert refusal(ready(), by=STRANGER) == OTHER_COMPANY


def test_an_agreement_nobody_signed_pays_nothing() -> None:
    assert refusal(ready(), agreement="SQ20261123ZZZZZZZZZZ") == UNKNOWN_DOCUMENT


@pytest.mark.parametrize("status", ["10", "11", "12", "13", "21", "30", "31", "32"])
def test_only_an_agreement_in_force_pays(status: str) -> None:
    assert refusal(agreement_in(status).proposal()) == reasons.AGREEMENT_NOT_SIGNED


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
def test_only_operators_pay(role: Role) -> None:
    assert refusal(ready(), by=replace(OPERATOR, role=role)) == WRONG_ROLE


def test_a_legal_persons_card_does_not_pay() -> None:
    assert refusal(ready(), by=LEGAL_PERSON) == WRONG_ROLE


def test_a_payments_number_has_its_form() -> None:
    assert refusal(ready(), id="TB20261123AAAAAAAAAA") == WRONG_NUMBER


def test_a_total_that_slipped_through_the_form_is_caught() -> None:
    with pytest.raises(Rejected) as no:
        rules.adds_up((), Decimal(1))
    assert no.value.reason == reasons.WRONG_TOTAL


def test_a_silent_bank_is_asked_and_never_told_to_collect_again() -> None:
    desk = payment_in("30")
    waits = [desk.silence().total_seconds() for _ in range(4)]
    assert waits == [20, 40, 80, 160]
    assert desk.office.history(PAYMENT) == ["30", "34", "34", "34", "34"]
    assert [query.attempt for query in desk.office.messages(QueryCollection)] == [1, 2, 3, 4]
    assert len(desk.office.messages(CollectPremium)) == 1
    desk.collection(PAID)
    assert desk.status() == "32"
    assert not desk.office.timers


def test_a_bank_that_is_still_at_it_is_asked_too() -> None:
    desk = payment_in("31")
    desk.silence()
    assert desk.status() == "31"
    assert len(desk.office.messages(QueryCollection)) == 1


def test_a_query_answered_with_a_failure_frees_the_dues() -> None:
    desk = payment_in("30")
    desk.silence()
    desk.collection(FAILED, reason=NO_MONEY)
    assert desk.due().payment_id is None


def test_queries_grow_rare_but_never_end() -> None:
    assert rules.query_wait(50, rules.Waits()) == timedelta(hours=1)


def test_a_timer_after_the_end_asks_nothing() -> None:
    desk = payment_in("30")
    timers = dict(desk.office.timers)
    desk.collection(PAID)
    desk.office.timers = timers
    desk.silence()
    assert not desk.office.messages(QueryCollection)


def test_another_bank_may_not_answer() -> None:
    desk = payment_in("30")
    with pytest.raises(Rejected) as no:
        desk.collection(PAID, bank="BOC")
    assert no.value.reason == WRONG_PARTNER


def test_an_answer_to_nothing_is_told() -> None:
    with pytest.raises(Rejected) as no:
        Desk().collection(PAID)
    assert no.value.reason == UNKNOWN_DOCUMENT


def test_a_payment_may_use_any_agreement_of_the_company() -> None:
    other = "SQ20261123BBBBBBBBBB"
    desk = ready().signed(a_debit_agreement("BOC"), id=other)
    desk.pay(agreement=other)
    assert desk.payment().form.bank == "BOC"
    assert desk.payment().form.agreement_id != AGREEMENT


SAME = "no news"
ANSWERS = {
    PENDING: {"30": "31", "34": "31", "31": SAME},
    PAID: {"30": "32", "31": "32", "34": "32", "32": SAME},
    FAILED: {"30": "33", "31": "33", "34": "33", "33": SAME},
    UNKNOWN: {"30": "34", "31": "34", "34": SAME},
}


@pytest.mark.parametrize(("status", "result"), list(product(STATES, CollectionResult)))
def test_a_banks_answer_counts_where_the_table_says(status: str, result: CollectionResult) -> None:
    desk = payment_in(status)
    if status not in ANSWERS[result]:
        with pytest.raises(Rejected) as no:
            desk.collection(result)
        assert no.value.reason == WRONG_STATE
        assert desk.status() == status
        return
    changed = desk.collection(result)
    assert ANSWERS[result][status] == (desk.status() if changed else SAME)


def test_the_table_has_no_state_these_tests_forget() -> None:
    assert {state.code for state in TABLE.states} - set(STATES) == {"35"}
    assert PAYMENTS.lifecycle == TABLE
