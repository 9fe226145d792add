"""Insurers' answers go on untouched, to the service that owns the document."""

import pytest

from libs.lifecycle import Rejected
from libs.messages.base import Message
from libs.messages.kinds.agreement import PushCargoAgreement
from libs.messages.kinds.booking import BookingReceipt, BookingResult
from libs.messages.kinds.proposal import (
    CargoPolicyForm,
    CargoPolicyIssued,
    UnderwritingReceipt,
    UnderwritingResult,
    WithdrawalReceipt,
    WithdrawalResult,
)
from libs.messages.samples import a_proposal, an_agreement, policy_fields
from libs.messages.topics import TOPICS
from services.gateway.handlers.insurers import OWNERS
from tests.support.office import CPIC, MORNING, PICC, TODAY, a_meta
from tests.unit.gateway.desk import Desk

PROPOSAL = "TB20261123K7Q2M9XD4P"


def answers() -> list[Message]:
    policy = policy_fields(a_proposal(TODAY), PROPOSAL, "PC0001")
    return [
        BookingReceipt(meta=a_meta("YY1", PICC), result=BookingResult.ACCEPTED),
        PushCargoAgreement(meta=a_meta("PICC.OC1", PICC), agreement=an_agreement(TODAY)),
        UnderwritingReceipt(meta=a_meta(PROPOSAL, PICC), result=UnderwritingResult.PENDING),
        WithdrawalReceipt(meta=a_meta(PROPOSAL, PICC), result=WithdrawalResult.WITHDRAWN),
        CargoPolicyIssued(
            meta=a_meta(PROPOSAL, PICC),
            policy=CargoPolicyForm.model_validate({**policy, "issued_at": MORNING}),
        ),
    ]


EACH = pytest.mark.parametrize("answer", answers(), ids=lambda answer: type(answer).__name__)


@EACH
def test_an_answer_goes_to_the_owner_of_its_document(desk: Desk, answer: Message) -> None:
    desk.hear(answer, PICC)
    assert desk.office.forwarded == [(OWNERS[type(answer)], answer)]
    assert not desk.office.sent


@EACH
def test_an_answer_by_anothers_topic_is_told(desk: Desk, answer: Message) -> None:
    with pytest.raises(Rejected, match="FOREIGN_TOPIC"):
        desk.hear(answer, CPIC, "partner.picc.replies")
    assert not desk.office.forwarded


def test_every_kind_that_insurers_send_has_an_owner_that_takes_it() -> None:
    sent = TOPICS["partner.picc.replies"].kinds
    owned = {f"cn.tongbao.{model.__name__}.v1": topic for model, topic in OWNERS.items()}
    assert set(owned) == sent
    assert all(ce_type in TOPICS[topic].kinds for ce_type, topic in owned.items())
