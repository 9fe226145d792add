"""核保, 撤销, 出单: what the insurer answers, in time, twice, too late, crossing."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from libs.decisions.checks import CONTRADICTION, STALE_ANSWER, UNKNOWN_DOCUMENT, WRONG_PARTNER
from libs.lifecycle import WRONG_STATE, Rejected
from libs.messages.kinds.proposal import (
    CargoPolicyChanged,
    UnderwritingReceipt,
    UnderwritingResult,
    WithdrawalResult,
)
from libs.messages.samples import a_quote
from services.policy import reasons
from tests.support.office import CPIC, PICC, a_meta
from tests.unit.policy.desk import POLICY, PROPOSAL, Desk, a_desk, a_policy

Deed = Callable[[], object]
PENDING, REFERRED = UnderwritingResult.PENDING, UnderwritingResult.MANUAL_REVIEW
APPROVED, REFUSED = UnderwritingResult.APPROVED, UnderwritingResult.REFUSED
ANOTHER_QUOTE = a_quote().model_copy(update={"premium": Decimal("60.00")})


def test_an_approval_brings_the_insurers_premium() -> None:
    desk = a_desk("24")
    assert desk.states == ["10", "12", "20", "24"]
    assert desk.body.facts.quote == a_quote()


def test_an_insurer_may_answer_at_once() -> None:
    desk = a_desk("12")
    desk.answer(APPROVED)
    assert desk.proposal == "24"


def test_a_manual_review_may_end_well_or_badly() -> None:
    for result, state in ((APPROVED, "24"), (REFUSED, "23"), (UnderwritingResult.NOT_PASSED, "22")):
        desk = a_desk("21")
        desk.answer(result)
        assert desk.proposal == state


def test_what_was_not_passed_may_be_decided_again() -> None:
    desk = a_desk("22")
    desk.answer(APPROVED)
    assert desk.proposal == "24"


def test_a_refusal_tells_why() -> None:
    desk = a_desk("20")
    desk.answer(REFUSED, reason="保险金额超过每次运输限额")
    assert desk.note == "保险公司拒保，可修改后重新提交：保险金额超过每次运输限额"


def test_an_insurer_may_find_data_wrong_too() -> None:
    desk = a_desk("12")
    desk.answer(UnderwritingResult.DATA_REJECTED)
    assert desk.proposal == "11"


def test_the_windows_own_check_confirmed_is_no_news() -> None:
    desk = a_desk("12")
    assert not desk.answer(UnderwritingResult.DATA_ACCEPTED)


@pytest.mark.parametrize(
    ("status", "result"), [("20", PENDING), ("21", REFERRED), ("23", REFUSED), ("24", APPROVED)]
)
def test_the_same_answer_twice_changes_nothing(status: str, result: UnderwritingResult) -> None:
    assert not a_desk(status).answer(result)


def test_another_premium_after_the_approval_is_a_contradiction() -> None:
    desk = a_desk("24")
    with pytest.raises(Rejected) as no:
        desk.answer(APPROVED, quote=ANOTHER_QUOTE)
    assert no.value.reason == CONTRADICTION


@pytest.mark.parametrize("status", ["24", "30", "31", "50", "41"])
def test_a_late_refusal_is_refused(status: str) -> None:
    desk = a_desk(status)
    with pytest.raises(Rejected) as no:
        desk.answer(REFUSED)
    assert no.value.reason == WRONG_STATE


def test_an_approval_without_a_premium_is_refused() -> None:
    desk = a_desk("20")
    receipt = UnderwritingReceipt(meta=a_meta(PROPOSAL, PICC), result=APPROVED)
    with pytest.raises(Rejected) as no:
        desk.office.take(receipt, PICC)
    assert no.value.reason == reasons.QUOTE_MISSING


def test_only_the_proposals_insurer_answers() -> None:
    desk = a_desk("31")
    answers: tuple[Deed, ...] = (
        lambda: desk.answer(PENDING, by=CPIC),
        lambda: desk.answer_withdrawal(WithdrawalResult.WITHDRAWN, by=CPIC),
        lambda: desk.issue(by=CPIC),
    )
    for answer in answers:
        with pytest.raises(Rejected) as no:
            answer()
        assert no.value.reason == WRONG_PARTNER


def test_answers_to_nothing_are_told() -> None:
    desk = Desk()
    answers: tuple[Deed, ...] = (
        lambda: desk.answer(PENDING),
        lambda: desk.answer_withdrawal(WithdrawalResult.REFUSED),
        desk.issue,
    )
    for answer in answers:
        with pytest.raises(Rejected) as no:
            answer()
        assert no.value.reason == UNKNOWN_DOCUMENT


@pytest.mark.parametrize("status", ["12", "20", "21", "22"])
def test_a_withdrawal_goes_to_the_insurer_and_ends_the_proposal(status: str) -> None:
    desk = a_desk(status)
    desk.withdraw()
    assert desk.office.forwarded[-1][0] == "partner.picc.requests"
    assert desk.note == "撤销申请已发往保险公司：货物未出运"
    desk.answer_withdrawal(WithdrawalResult.WITHDRAWN)
    assert desk.states[-2:] == ["40", "41"]
    assert not desk.answer_withdrawal(WithdrawalResult.WITHDRAWN)


@pytest.mark.parametrize("status", ["12", "20", "21", "22"])
def test_a_refused_withdrawal_leads_back_to_the_state_before(status: str) -> None:
    desk = a_desk(status)
    desk.withdraw()
    desk.answer_withdrawal(WithdrawalResult.REFUSED)
    assert desk.states[-3:] == ["40", "42", status]
    assert desk.body.facts.before_withdrawal is None
    assert not desk.answer_withdrawal(WithdrawalResult.REFUSED)


def test_a_second_withdrawal_is_a_new_question() -> None:
    desk = a_desk("20")
    for _ in range(2):
        desk.withdraw()
        assert desk.answer_withdrawal(WithdrawalResult.REFUSED)
    assert desk.proposal == "20"


def test_an_approval_that_crosses_a_withdrawal_counts_when_that_is_refused() -> None:
    desk = a_desk("20")
    desk.withdraw()
    assert desk.answer(APPROVED)
    assert not desk.answer(APPROVED)
    assert desk.proposal == "40"
    desk.answer_withdrawal(WithdrawalResult.REFUSED)
    assert desk.states[-3:] == ["40", "42", "24"]
    assert desk.body.facts.quote == a_quote()


def test_an_approval_that_crosses_a_withdrawal_is_void_when_that_is_accepted() -> None:
    desk = a_desk("20")
    desk.withdraw()
    desk.answer(APPROVED)
    desk.answer_withdrawal(WithdrawalResult.WITHDRAWN)
    assert desk.proposal == "41"


def test_an_answer_that_could_not_be_given_before_the_withdrawal_cannot_cross_it() -> None:
    desk = a_desk("21")
    desk.withdraw()
    with pytest.raises(Rejected) as no:
        desk.answer(PENDING)
    assert no.value.reason == WRONG_STATE


def test_an_answer_to_an_earlier_submission_is_stale() -> None:
    desk = a_desk("12")
    first = desk.asked
    desk.answer(REFUSED, to=first)
    desk.submit()
    with pytest.raises(Rejected) as no:
        desk.answer(REFUSED, to=first)
    assert no.value.reason == STALE_ANSWER
    assert desk.answer(APPROVED, to=desk.asked)


def test_an_answer_to_an_earlier_withdrawal_is_stale() -> None:
    desk = a_desk("20")
    desk.withdraw()
    first = desk.asked
    desk.answer_withdrawal(WithdrawalResult.REFUSED, to=first)
    desk.withdraw()
    with pytest.raises(Rejected) as no:
        desk.answer_withdrawal(WithdrawalResult.REFUSED, to=first)
    assert no.value.reason == STALE_ANSWER
    assert desk.answer_withdrawal(WithdrawalResult.WITHDRAWN, to=desk.asked)


def test_an_answer_to_a_withdrawal_that_nobody_asked_for_is_refused() -> None:
    desk = a_desk("20")
    for result in WithdrawalResult:
        with pytest.raises(Rejected) as no:
            desk.answer_withdrawal(result)
        assert no.value.reason == WRONG_STATE


def test_a_paid_proposal_becomes_a_policy_in_force() -> None:
    desk = a_desk("31")
    desk.issue()
    assert (desk.proposal, desk.policy) == ("50", "50")
    [event] = desk.office.messages(CargoPolicyChanged)
    assert (event.meta.document_id, event.owner, event.form) == (
        POLICY,
        a_policy().holder_uscc,
        a_policy(),
    )
    assert desk.body.facts.policy_id == POLICY


def test_no_policy_before_payment() -> None:
    for status in ("12", "20", "24", "30", "32"):
        with pytest.raises(Rejected) as no:
            a_desk(status).issue()
        assert no.value.reason == WRONG_STATE


def test_the_same_policy_twice_is_one_policy() -> None:
    assert not a_desk("50").issue()


def test_a_policy_number_belongs_to_one_policy() -> None:
    desk = a_desk("50")
    with pytest.raises(Rejected) as no:
        desk.issue(a_policy(goods="别的货物"))
    assert no.value.reason == reasons.POLICY_NUMBER_USED


def test_a_second_policy_for_a_proposal_is_refused() -> None:
    desk = a_desk("50")
    with pytest.raises(Rejected) as no:
        desk.issue(a_policy(policy_no="P2"))
    assert no.value.reason == WRONG_STATE


@pytest.mark.parametrize(
    ("change", "label"),
    [
        ({"proposal_id": "TB20261123AAAAAAAAAA"}, "投保单号"),
        ({"insurer": "CPIC"}, "保险机构"),
        ({"agreement_no": "OC7"}, "货运险协议编号"),
        ({"holder_uscc": "91330201MA2AABCD1P"}, "统一社会信用代码"),
        ({"sum_insured": Decimal("1.00")}, "保险金额"),
        ({"currency": "USD"}, "币种"),
        ({"premium": Decimal("54.00")}, "保费"),
    ],
)
def test_a_policy_must_agree_with_its_proposal(change: dict[str, object], label: str) -> None:
    desk = a_desk("31")
    with pytest.raises(Rejected) as no:
        desk.issue(a_policy(**change))
    assert no.value.reason == reasons.POLICY_DIFFERS
    assert label in no.value.text()
    assert desk.proposal == "31"
