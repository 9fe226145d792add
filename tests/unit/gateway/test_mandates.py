"""Mandates between payment and a bank."""

import pytest

from libs.lifecycle import Rejected
from libs.messages.kinds.debit import MandateAction, MandateResult
from libs.messages.samples import a_debit_agreement
from services.gateway.iso20022.models import (
    MandateAmendment,
    MandateCancellation,
    MandateInitiation,
    Status,
)
from tests.unit.gateway.desk import AGREEMENT, BOC, ICBC, MANDATE_NO, Desk

AMEND, CANCEL = MandateAction.AMEND, MandateAction.CANCEL


def test_a_signing_goes_to_its_bank_under_the_same_message_id(desk: Desk) -> None:
    asked = desk.sign()
    topic, message = desk.office.sent[-1]
    assert topic == "partner.icbc.requests"
    assert isinstance(message, MandateInitiation)
    assert message.meta.message_id.hex == asked
    assert (message.meta.document_id, message.meta.sender) == (AGREEMENT, "gateway")


def test_signing_again_after_a_refusal_amends(desk: Desk) -> None:
    desk.sign(2, AMEND)
    assert isinstance(desk.office.sent[-1][1], MandateAmendment)


def test_a_cancellation_names_the_whole_mandate(desk: Desk) -> None:
    desk.sign()
    desk.cancel()
    message = desk.office.sent[-1][1]
    assert isinstance(message, MandateCancellation)
    assert (message.meta.document_id, message.mandate_id) == (AGREEMENT, MANDATE_NO)
    assert message.form == a_debit_agreement()


def test_what_was_never_signed_is_not_cancelled(desk: Desk) -> None:
    with pytest.raises(Rejected, match="UNKNOWN_MANDATE"):
        desk.cancel()


def test_an_acceptance_brings_the_agreement_number(desk: Desk) -> None:
    desk.decides(desk.sign())
    (receipt,) = desk.mandate_receipts
    assert desk.office.sent[-1][0] == "payment.commands"
    assert (receipt.result, receipt.agreement_no) == (MandateResult.ACCEPTED, MANDATE_NO)
    assert (receipt.meta.document_id, receipt.bank) == (AGREEMENT, "ICBC")
    assert receipt.action is MandateAction.INITIATE


def test_a_refusal_is_told_in_national_words(desk: Desk) -> None:
    desk.decides(desk.sign(), accepted=False, reason="BE01")
    (receipt,) = desk.mandate_receipts
    assert receipt.result is MandateResult.REFUSED
    assert (receipt.reason_code, receipt.reason_text) == ("RJ02", "账号户名不符")
    assert receipt.agreement_no is None


def test_an_answer_to_a_cancellation_comes_back_to_the_agreement(desk: Desk) -> None:
    desk.sign()
    desk.decides(desk.cancel())
    (receipt,) = desk.mandate_receipts
    assert (receipt.meta.document_id, receipt.action) == (AGREEMENT, CANCEL)


def test_signing_and_cancelling_are_questions_of_their_own(desk: Desk) -> None:
    signing, cancelling = desk.sign(), desk.cancel()
    desk.decides(signing)
    desk.decides(cancelling)
    assert [receipt.action for receipt in desk.mandate_receipts] == [MandateAction.INITIATE, CANCEL]


def test_a_repeated_answer_is_no_news(desk: Desk) -> None:
    asked = desk.sign()
    desk.decides(asked)
    desk.decides(asked)
    assert len(desk.mandate_receipts) == 1


def test_a_repeated_request_is_not_asked_again(desk: Desk) -> None:
    desk.sign()
    desk.ask(desk.asked)
    assert len(desk.office.sent) == 1


@pytest.mark.parametrize("change", [{"number": "MD0002"}, {"accepted": False, "reason": "MS03"}])
def test_an_answer_is_not_taken_back(desk: Desk, change: dict[str, object]) -> None:
    asked = desk.sign()
    desk.decides(asked)
    with pytest.raises(Rejected, match="CONTRADICTION"):
        desk.decides(asked, **change)  # type: ignore[arg-type]  # a row of the table above
    assert len(desk.mandate_receipts) == 1


def test_only_the_last_questions_answer_counts(desk: Desk) -> None:
    first, second = desk.sign(), desk.sign(2)
    with pytest.raises(Rejected, match="STALE_ANSWER"):
        desk.decides(first, accepted=False, reason="MS03")
    assert not desk.mandate_receipts
    desk.decides(second)
    assert [receipt.result for receipt in desk.mandate_receipts] == [MandateResult.ACCEPTED]


def test_an_answer_to_nothing_is_told(desk: Desk) -> None:
    with pytest.raises(Rejected, match="REPLY_TO_NOTHING"):
        desk.decides("0" * 32)


def test_another_bank_may_not_answer(desk: Desk) -> None:
    asked = desk.sign()
    with pytest.raises(Rejected, match="WRONG_PARTNER"):
        desk.decides(asked, by=BOC)


def test_a_bank_may_not_answer_by_anothers_topic(desk: Desk) -> None:
    asked = desk.sign()
    with pytest.raises(Rejected, match="FOREIGN_TOPIC"):
        desk.decides(asked, by=ICBC, topic="partner.boc.replies")


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (Status.RECEIVED, MandateResult.RECEIVED),
        (Status.TECHNICALLY_ACCEPTED, MandateResult.RECEIVED),
        (Status.REJECTED, MandateResult.UNDELIVERABLE),
    ],
)
def test_a_bank_may_first_say_that_a_request_arrived(
    desk: Desk, status: Status, result: MandateResult
) -> None:
    asked = desk.sign()
    desk.reports(status, about=AGREEMENT, original=asked, name="pain.009.001.05")
    assert [receipt.result for receipt in desk.mandate_receipts] == [result]


def test_a_receipt_after_the_decision_is_no_news(desk: Desk) -> None:
    asked = desk.sign()
    desk.decides(asked)
    desk.reports(Status.RECEIVED, about=AGREEMENT, original=asked, name="pain.009.001.05")
    assert len(desk.mandate_receipts) == 1


def test_a_receipt_is_followed_by_the_decision(desk: Desk) -> None:
    asked = desk.sign()
    desk.reports(Status.RECEIVED, about=AGREEMENT, original=asked, name="pain.009.001.05")
    desk.decides(asked)
    results = [receipt.result for receipt in desk.mandate_receipts]
    assert results == [MandateResult.RECEIVED, MandateResult.ACCEPTED]


def test_money_is_not_collected_by_a_mandate_request(desk: Desk) -> None:
    asked = desk.sign()
    with pytest.raises(Rejected, match="NOT_OF_A_MANDATE"):
        desk.reports(Status.SETTLED, about=AGREEMENT, original=asked, name="pain.009.001.05")
