"""提交 and 数据审核: what passes goes to the insurer, what does not says all reasons."""

from datetime import timedelta

import pytest

from libs.decisions import NotYet
from libs.decisions.checks import HOLDER_DIFFERS, WRONG_NUMBER
from libs.lifecycle import WRONG_ROLE, Rejected
from libs.messages.kinds.agreement import CargoAgreementForm
from libs.messages.kinds.proposal import SubmitCargoProposal
from libs.messages.kinds.proposal_form import CargoProposalForm
from libs.messages.parties import Role
from libs.messages.samples import OTHER_USCC, a_proposal, an_agreement
from services.policy import reasons, rules
from tests.support.office import LEGAL_PERSON, OPERATOR, TODAY, a_meta
from tests.unit.policy.desk import PROPOSAL, Desk, a_desk, a_form

DAY = timedelta(days=1)


def test_a_proposal_goes_through_the_check_to_the_insurer_as_signed() -> None:
    desk = Desk()
    desk.submit()
    assert desk.states == ["10", "12"]
    [(topic, message)] = desk.office.forwarded
    assert topic == "partner.picc.requests"
    assert message.meta.document_id == PROPOSAL


def test_the_check_is_the_windows_deed_and_the_submission_the_companys() -> None:
    desk = a_desk("12")
    submitted, checked = desk.office.events
    assert submitted.actor_role is Role.OPERATOR
    assert "李晓明" in submitted.actor
    assert (checked.actor_role, checked.actor) == (Role.SERVICE, "单一窗口")
    assert [event.sequence for event in desk.office.events] == [1, 2]


def test_the_form_travels_once() -> None:
    desk = a_desk("12")
    submitted, checked = desk.office.events
    assert getattr(submitted, "form", None) == a_proposal(TODAY)
    assert getattr(checked, "form", None) is None


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        (a_form(departs=TODAY - DAY), reasons.DEPARTED),
        (a_form(departs=TODAY + 365 * DAY), reasons.DEPARTS_OUTSIDE),
        (a_form(markup="30.01"), reasons.MARKUP_TOO_HIGH),
        (a_form(premium="54.99"), reasons.WRONG_PREMIUM),
    ],
)
def test_wrong_data_fails_the_check(form: CargoProposalForm, reason: object) -> None:
    desk = Desk()
    desk.submit(form)
    assert desk.states == ["10", "11"]
    codes = {finding.reason for finding in _findings(form)}
    assert reason in codes
    assert not desk.office.forwarded


def _findings(
    form: CargoProposalForm, agreement: CargoAgreementForm | None = None
) -> tuple[rules.Finding, ...]:
    desk = Desk(agreement)
    [copy] = desk.office.records.values()
    return rules.findings(form, copy, OPERATOR.party, TODAY)


def test_all_reasons_are_told_at_once() -> None:
    desk = Desk()
    desk.submit(a_form(departs=TODAY - DAY, markup="40"))
    assert desk.note == (
        "数据审核失败，请修改后提交："
        "起运日期2026-11-22不在协议有效期2026-11-23至2027-11-22内；"
        "起运日期2026-11-22早于今天，该协议不允许倒签；"
        "加成比例40%超过协议上限30%"
    )
    assert desk.office.told(PROPOSAL).reason_code == "DEPARTS_OUTSIDE"


def test_an_agreement_may_allow_back_dating() -> None:
    agreement = an_agreement(TODAY - 30 * DAY)
    header = agreement.header.model_copy(update={"back_dating": True})
    agreement = agreement.model_copy(update={"header": header})
    assert not _findings(a_form(departs=TODAY - DAY), agreement)


@pytest.mark.parametrize(("status", "name"), [("0", "未生效"), ("2", "无效")])
def test_an_agreement_must_be_in_force(status: str, name: str) -> None:
    desk = Desk()
    desk.agreement_changed(an_agreement(TODAY), status)
    desk.submit()
    assert desk.proposal == "11"
    assert f"货运险协议PICC.OC2026000001当前{name}" in desk.note


def test_an_agreement_of_another_company_says_no_more_than_that() -> None:
    desk = Desk(an_agreement(TODAY, uscc=OTHER_USCC))
    desk.submit(a_form(departs=TODAY - DAY, markup="40"))
    assert desk.proposal == "11"
    assert desk.note.endswith("的投保人不是本企业")


def test_an_unknown_agreement_is_waited_for() -> None:
    desk = Desk()
    form = a_proposal(TODAY, agreement_no="OC9")
    with pytest.raises(NotYet):
        desk.submit(form)
    assert desk.proposal is None


def test_an_agreement_that_never_comes_ends_the_proposal_with_that_reason() -> None:
    desk = Desk()
    message = SubmitCargoProposal(
        meta=a_meta(PROPOSAL, OPERATOR), form=a_proposal(TODAY, agreement_no="OC9")
    )
    with pytest.raises(NotYet) as early:
        desk.office.take(message, OPERATOR)
    assert early.value.otherwise
    desk.office.carry_out(early.value.otherwise, message)
    assert desk.states == ["10", "11"]
    assert "货运险协议PICC.OC9不存在" in desk.note
    desk.submit()
    assert desk.proposal == "12"


def test_a_reference_premium_in_foreign_currency_is_left_to_the_insurer() -> None:
    assert not _findings(a_form(currency="USD", premium="1.00"))


@pytest.mark.parametrize("premium", ["55.00"])
def test_the_reference_premium_is_the_product_or_the_minimum(premium: str) -> None:
    assert not _findings(a_form(premium=premium))


def test_the_minimum_premium_may_stand_or_not() -> None:
    form = a_proposal(TODAY)
    for premium in ("0.55", "3.00"):
        insurance = a_form(premium=premium).insurance.model_copy(
            update={"invoice_amount": 1000, "sum_insured": 1100}
        )
        assert not _findings(form.model_copy(update={"insurance": insurance}))


def test_a_total_that_slipped_through_the_form_is_caught() -> None:
    form = a_proposal(TODAY)
    insurance = form.insurance.model_copy(update={"sum_insured": 110001})
    found = _findings(form.model_copy(update={"insurance": insurance}))
    assert reasons.WRONG_SUM in {finding.reason for finding in found}


@pytest.mark.parametrize("status", ["11", "23"])
def test_a_failed_or_refused_proposal_is_amended_and_sent_again(status: str) -> None:
    desk = a_desk(status)
    desk.submit()
    assert desk.states[-2:] == ["10", "12"]


def test_an_amended_proposal_may_go_to_another_insurer() -> None:
    desk = a_desk("23")
    with pytest.raises(NotYet):
        desk.submit(a_proposal(TODAY, "CPIC"))


def test_only_operators_propose() -> None:
    with pytest.raises(Rejected) as no:
        Desk().submit(by=LEGAL_PERSON)
    assert no.value.reason == WRONG_ROLE


def test_a_proposal_is_in_the_cards_own_name() -> None:
    with pytest.raises(Rejected) as no:
        Desk().submit(a_proposal(TODAY, name="别家公司"))
    assert no.value.reason == HOLDER_DIFFERS


def test_a_proposals_number_has_the_proposals_form() -> None:
    with pytest.raises(Rejected) as no:
        Desk().submit(id="YY20261123K7Q2M9XD4P")
    assert no.value.reason == WRONG_NUMBER
