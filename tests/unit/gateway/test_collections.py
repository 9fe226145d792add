"""Collections between payment and a bank."""

from decimal import Decimal

import pytest

from libs.lifecycle import Rejected
from libs.messages.kinds.payment import CollectionResult
from services.gateway.iso20022.models import DirectDebit, Status, StatusRequest
from tests.unit.gateway.desk import (
    BOC,
    MANDATE_NO,
    OTHER_PROPOSAL,
    PAYMENT,
    PREMIUM,
    PROPOSAL,
    Desk,
)

PAID, FAILED = CollectionResult.PAID, CollectionResult.FAILED
ON_THE_WAY = (
    Status.RECEIVED,
    Status.TECHNICALLY_ACCEPTED,
    Status.ACCEPTED_PROFILE,
    Status.PENDING,
    Status.IN_PROCESS,
)


def results(desk: Desk) -> list[CollectionResult]:
    return [receipt.result for receipt in desk.collection_receipts]


def test_a_collection_goes_to_its_bank(desk: Desk) -> None:
    asked = desk.collect((PROPOSAL, PREMIUM), (OTHER_PROPOSAL, Decimal("12.30")))
    topic, message = desk.office.sent[-1]
    assert topic == "partner.icbc.requests"
    assert isinstance(message, DirectDebit)
    assert (message.meta.message_id.hex, message.meta.document_id) == (asked, PAYMENT)
    assert (message.mandate_id, message.total) == (MANDATE_NO, Decimal("67.30"))


def test_a_payment_is_put_to_its_bank_once(desk: Desk) -> None:
    desk.collect()
    desk.collect()
    assert len(desk.office.messages(DirectDebit)) == 1


def test_a_success_brings_the_banks_reference(desk: Desk) -> None:
    desk.collect()
    desk.reports(Status.SETTLED, (PROPOSAL, Status.SETTLED), reference="ICBC20261123000001")
    (receipt,) = desk.collection_receipts
    assert desk.office.sent[-1][0] == "payment.commands"
    assert (receipt.result, receipt.bank_reference) == (PAID, "ICBC20261123000001")
    assert receipt.meta.document_id == PAYMENT


def test_a_failure_is_told_in_national_words(desk: Desk) -> None:
    desk.collect()
    desk.reports(Status.REJECTED, reason="AM04")
    (receipt,) = desk.collection_receipts
    assert (receipt.result, receipt.reason_code, receipt.reason_text) == (
        FAILED,
        "RJ03",
        "余额不足",
    )


@pytest.mark.parametrize("status", ON_THE_WAY)
def test_every_status_on_the_way_is_pending(desk: Desk, status: Status) -> None:
    desk.collect()
    desk.reports(status)
    assert results(desk) == [CollectionResult.PENDING]


def test_money_taken_in_part_is_not_lost_from_sight(desk: Desk) -> None:
    desk.collect((PROPOSAL, PREMIUM), (OTHER_PROPOSAL, PREMIUM))
    desk.reports(
        Status.PARTLY, (PROPOSAL, Status.SETTLED), (OTHER_PROPOSAL, Status.REJECTED), reason="AM04"
    )
    (receipt,) = desk.collection_receipts
    assert receipt.result is CollectionResult.UNKNOWN
    assert receipt.reason_code == "PARTLY_COLLECTED"


def test_a_question_about_a_payment_never_collects(desk: Desk) -> None:
    desk.collect()
    asked = desk.query()
    topic, message = desk.office.sent[-1]
    assert topic == "partner.icbc.requests"
    assert isinstance(message, StatusRequest)
    assert (message.meta.message_id.hex, message.meta.document_id) == (asked, PAYMENT)
    assert len(desk.office.messages(DirectDebit)) == 1


def test_the_answer_to_a_question_counts_as_the_collections(desk: Desk) -> None:
    desk.collect()
    asked = desk.query()
    desk.reports(Status.SETTLED, original=asked, name="status-request.01")
    assert results(desk) == [PAID]


@pytest.mark.parametrize("end", [Status.SETTLED, Status.REJECTED])
@pytest.mark.parametrize("late", [*ON_THE_WAY, Status.PARTLY])
def test_after_the_end_earlier_news_is_no_news(desk: Desk, end: Status, late: Status) -> None:
    desk.collect()
    desk.reports(end)
    desk.reports(end)
    desk.reports(late)
    assert len(desk.collection_receipts) == 1


@pytest.mark.parametrize(
    ("end", "other"), [(Status.SETTLED, Status.REJECTED), (Status.REJECTED, Status.SETTLED)]
)
def test_an_end_is_not_taken_back(desk: Desk, end: Status, other: Status) -> None:
    desk.collect()
    desk.reports(end)
    with pytest.raises(Rejected, match="CONTRADICTION"):
        desk.reports(other)
    assert len(desk.collection_receipts) == 1


@pytest.mark.parametrize(
    "rows",
    [
        ((OTHER_PROPOSAL, Status.SETTLED),),
        ((PROPOSAL, Status.SETTLED), (PROPOSAL, Status.SETTLED)),
        ((PROPOSAL, Status.REJECTED),),
    ],
    ids=["strange", "twice", "against the whole"],
)
def test_rows_must_be_those_of_the_collection(
    desk: Desk, rows: tuple[tuple[str, Status], ...]
) -> None:
    desk.collect()
    with pytest.raises(Rejected, match="CONTRADICTION"):
        desk.reports(Status.SETTLED, *rows)
    assert not desk.collection_receipts


def test_a_sum_must_be_that_of_the_collection(desk: Desk) -> None:
    desk.collect()
    with pytest.raises(Rejected, match="CONTRADICTION"):
        desk.reports(Status.SETTLED, total=Decimal("5.50"))
    desk.reports(Status.SETTLED, total=Decimal("55.0"))
    assert results(desk) == [PAID]


def test_an_answer_to_nothing_is_told(desk: Desk) -> None:
    with pytest.raises(Rejected, match="REPLY_TO_NOTHING"):
        desk.reports(Status.SETTLED)


def test_another_bank_may_not_answer(desk: Desk) -> None:
    desk.collect()
    with pytest.raises(Rejected, match="WRONG_PARTNER"):
        desk.reports(Status.SETTLED, by=BOC)


def test_a_question_about_nothing_is_told(desk: Desk) -> None:
    with pytest.raises(Rejected, match="UNKNOWN_PAYMENT"):
        desk.query()


def test_a_question_goes_to_the_bank_that_collects(desk: Desk) -> None:
    desk.collect()
    with pytest.raises(Rejected, match="WRONG_PARTNER"):
        desk.query(bank="BOC")
