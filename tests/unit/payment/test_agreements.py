"""三方协议: signed by the legal person, answered by the bank."""

from dataclasses import replace
from itertools import product

import pytest

from libs.decisions.checks import (
    CONTRADICTION,
    HOLDER_DIFFERS,
    OTHER_COMPANY,
    UNKNOWN_DOCUMENT,
    WRONG_NUMBER,
    WRONG_PARTNER,
)
from libs.lifecycle import WRONG_ROLE, WRONG_STATE, Rejected
from libs.lifecycle.tables import DEBIT_AGREEMENT
from libs.messages.kinds.debit import (
    CancelMandate,
    MandateAction,
    MandateReceipt,
    MandateResult,
    RequestMandate,
)
from libs.messages.parties import Role
from libs.messages.samples import OTHER_COMPANY as STRANGE_NAME
from libs.messages.samples import a_debit_agreement
from services.payment import reasons
from services.payment.documents import DEBIT_AGREEMENTS
from tests.support.office import (
    GATEWAY,
    LEGAL_PERSON,
    OPERATOR,
    STRANGE_LEGAL_PERSON,
    a_meta,
)
from tests.unit.payment.desk import AGREEMENT, Desk, agreement_in, an_agreement_until

RECEIVED, ACCEPTED, REFUSED, UNDELIVERABLE = MandateResult
NEVER = {"14"}  # no message leads there yet
STATES = [state.code for state in DEBIT_AGREEMENT.states if state.code not in NEVER]


def test_a_signature_asks_the_bank_for_a_mandate() -> None:
    desk = agreement_in("10")
    [request] = desk.office.messages(RequestMandate)
    assert (request.bank, request.action, request.attempt) == ("ICBC", MandateAction.INITIATE, 1)
    assert request.form == an_agreement_until(1)
    assert desk.office.sent[-1][0] == "gateway.commands"
    assert desk.office.told(AGREEMENT).note == "签约请求发送成功"


def test_the_bank_accepts_and_gives_the_agreements_number() -> None:
    desk = agreement_in("10")
    desk.mandate(RECEIVED)
    desk.mandate(ACCEPTED)
    assert desk.office.history(AGREEMENT) == ["10", "12", "20"]
    assert desk.agreement().facts.agreement_no == "AGR0001"
    told = desk.office.told(AGREEMENT)
    assert (told.actor_role, told.actor) == (Role.BANK, "工商银行（沙箱）")
    assert told.cause.signer == "gateway"


def test_the_bank_refuses_and_says_why() -> None:
    desk = agreement_in("10")
    desk.mandate(REFUSED, reason="账号户名不符")
    told = desk.office.told(AGREEMENT)
    assert (told.status, told.reason_code) == ("21", "RJ02")
    assert told.note == "签约失败，请修改后重新签署：账号户名不符"


def test_a_silent_bank_means_not_sent_and_a_late_answer_still_counts() -> None:
    desk = agreement_in("11")
    desk.mandate(ACCEPTED)
    assert desk.agreement_status() == "20"


def test_an_acceptance_without_a_number_is_refused() -> None:
    desk = agreement_in("10")
    with pytest.raises(Rejected) as no:
        desk.mandate(ACCEPTED, number=None)
    assert no.value.reason == reasons.AGREEMENT_NO_MISSING


@pytest.mark.parametrize(
    ("status", "action"),
    [("11", "initiate"), ("13", "initiate"), ("21", "amend")],
)
def test_signing_again_after_a_failure(status: str, action: str) -> None:
    desk = agreement_in(status)
    desk.sign()
    assert desk.agreement_status() == "10"
    request = desk.office.messages(RequestMandate)[-1]
    assert (request.action, request.attempt) == (action, 2)


def test_signing_again_with_another_bank_begins_there() -> None:
    desk = agreement_in("21")
    desk.sign(a_debit_agreement("BOC"))
    request = desk.office.messages(RequestMandate)[-1]
    assert (request.bank, request.action) == ("BOC", MandateAction.INITIATE)
    with pytest.raises(Rejected) as no:
        desk.mandate(ACCEPTED, bank="ICBC")
    assert no.value.reason == WRONG_PARTNER


def test_cancelling_asks_the_bank() -> None:
    desk = agreement_in("20")
    desk.cancel()
    [request] = desk.office.messages(CancelMandate)
    assert (request.bank, request.agreement_no, request.reason) == ("ICBC", "AGR0001", "换银行")
    assert not desk.mandate(RECEIVED, MandateAction.CANCEL)
    assert desk.mandate(ACCEPTED, MandateAction.CANCEL)
    assert desk.agreement_status() == "31"
    assert not desk.mandate(ACCEPTED, MandateAction.CANCEL)


@pytest.mark.parametrize("result", [REFUSED, UNDELIVERABLE])
def test_a_refused_cancellation_leaves_the_agreement_in_force(result: MandateResult) -> None:
    desk = agreement_in("30")
    desk.mandate(result, MandateAction.CANCEL)
    assert desk.agreement_status() == "20"
    assert not desk.mandate(result, MandateAction.CANCEL)


def test_an_agreement_expires_after_its_last_day() -> None:
    desk = agreement_in("32")
    assert desk.office.told(AGREEMENT).note == "协议已过有效期"


def test_a_cancelled_agreement_does_not_expire() -> None:
    desk = agreement_in("31")
    desk.office.ring(DEBIT_AGREEMENTS, AGREEMENT, "validity")
    assert desk.agreement_status() == "31"


def test_an_agreement_without_last_day_does_not_expire() -> None:
    desk = Desk().signed()
    assert not desk.office.timers


def test_terms_must_be_accepted_and_validity_must_lie_ahead() -> None:
    unticked = a_debit_agreement().model_copy(update={"terms_accepted": False})
    for form, reason in (
        (unticked, reasons.TERMS_NOT_ACCEPTED),
        (an_agreement_until(-1), reasons.VALIDITY_PAST),
    ):
        with pytest.raises(Rejected) as no:
            Desk().sign(form)
        assert no.value.reason == reason


def test_an_agreement_is_in_the_cards_own_name() -> None:
    with pytest.raises(Rejected) as no:
        Desk().sign(a_debit_agreement(name=STRANGE_NAME))
    assert no.value.reason == HOLDER_DIFFERS


def test_an_agreements_number_has_its_form() -> None:
    with pytest.raises(Rejected) as no:
        Desk().sign(id="JF20261123AAAAAAAAAA")
    assert no.value.reason == WRONG_NUMBER


def test_another_companys_agreement_is_out_of_reach() -> None:
    desk = agreement_in("20")
    with pytest.raises(Rejected) as no:
        desk.cancel(by=STRANGE_LEGAL_PERSON)
    assert no.value.reason == OTHER_COMPANY


def test_an_answer_to_nothing_is_told() -> None:
    with pytest.raises(Rejected) as no:
        Desk().mandate(ACCEPTED)
    assert no.value.reason == UNKNOWN_DOCUMENT


def test_another_number_after_the_acceptance_is_a_contradiction() -> None:
    desk = agreement_in("20")
    assert not desk.mandate(ACCEPTED)
    with pytest.raises(Rejected) as no:
        desk.mandate(ACCEPTED, number="AGR0002")
    assert no.value.reason == CONTRADICTION


def test_a_very_long_reason_is_told_as_far_as_it_fits() -> None:
    desk = agreement_in("10")
    receipt = MandateReceipt(
        meta=a_meta(AGREEMENT, GATEWAY),
        bank="ICBC",
        action=MandateAction.INITIATE,
        result=REFUSED,
        reason_code="X" * 50,
        reason_text="长" * 2000,
    )
    desk.office.take(receipt, GATEWAY)
    told = desk.office.told(AGREEMENT)
    assert (len(told.reason_code or ""), len(told.note)) == (40, 2000)


SIGN = {None: "10", "11": "10", "13": "10", "21": "10"}
CANCEL = {"20": "30"}


@pytest.mark.parametrize(("status", "role"), list(product(STATES, Role)))
def test_only_legal_persons_sign_and_cancel_and_only_where_the_manual_says(
    status: str, role: Role
) -> None:
    by = replace(LEGAL_PERSON, role=role)
    for deed, allowed in (("sign", SIGN), ("cancel", CANCEL)):
        desk = agreement_in(status)
        to = allowed.get(status) if role is Role.LEGAL_PERSON else None
        if to:
            getattr(desk, deed)(by=by)
            assert desk.agreement_status() == to
            continue
        with pytest.raises(Rejected) as no:
            getattr(desk, deed)(by=by)
        assert no.value.reason in {WRONG_STATE, WRONG_ROLE}


def test_an_operators_card_signs_nothing() -> None:
    with pytest.raises(Rejected) as no:
        Desk().sign(by=OPERATOR)
    assert no.value.reason == WRONG_ROLE


SAME = "no news"
ANSWERS = {
    RECEIVED: {"10": "12", "11": "12", "12": SAME},
    ACCEPTED: {"10": "20", "11": "20", "12": "20", "20": SAME},
    REFUSED: {"10": "21", "11": "21", "12": "21", "21": SAME},
    UNDELIVERABLE: {"10": "13", "11": "13", "13": SAME},
}
CANCEL_ANSWERS = {
    RECEIVED: dict.fromkeys(STATES, SAME),
    ACCEPTED: {"30": "31", "31": SAME},
    REFUSED: {"30": "20", "20": SAME},
    UNDELIVERABLE: {"30": "20", "20": SAME},
}


@pytest.mark.parametrize(
    ("status", "result", "action"), list(product(STATES, MandateResult, MandateAction))
)
def test_a_banks_answer_counts_where_the_table_says(
    status: str, result: MandateResult, action: MandateAction
) -> None:
    desk = agreement_in(status)
    answers = CANCEL_ANSWERS if action is MandateAction.CANCEL else ANSWERS
    try:
        changed = desk.mandate(result, action)
    except Rejected:
        assert status not in answers[result]
        assert desk.agreement_status() == status
    else:
        assert answers[result][status] == (desk.agreement_status() if changed else SAME)
