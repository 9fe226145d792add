"""The insurer at its desk: bookings, proposals, withdrawals, policies."""

from datetime import timedelta
from decimal import Decimal

import pytest

from libs.messages.base import Message
from libs.messages.kinds.agreement import CargoAgreementForm, PushCargoAgreement
from libs.messages.kinds.booking import BookingReceipt, SubmitBooking
from libs.messages.kinds.proposal import (
    CargoPolicyIssued,
    PremiumPaid,
    SubmitCargoProposal,
    UnderwritingReceipt,
    WithdrawalReceipt,
    WithdrawCargoProposal,
)
from libs.messages.samples import a_booking, a_proposal
from sandbox.insurer.answers import BEIJING
from tests.unit.sandbox.counter import NOW, Counter, meta

BOOKING = "YY20261123K7Q2M9XD4P"
PROPOSAL = "TB20261123K7Q2M9XD4P"
TODAY = NOW.astimezone(BEIJING).date()


def booking(insurer: Counter) -> SubmitBooking:
    return SubmitBooking(meta=meta(BOOKING), form=a_booking(insurer.code))


def agreement(insurer: Counter) -> CargoAgreementForm:
    push = insurer.ask(booking(insurer))[-1]
    assert isinstance(push, PushCargoAgreement)
    return push.agreement


def proposal(insurer: Counter, number: str, proposal_id: str = PROPOSAL) -> SubmitCargoProposal:
    form = a_proposal(TODAY, insurer.code, agreement_no=number)
    return SubmitCargoProposal(meta=meta(proposal_id), form=form)


def results(answers: list[Message]) -> list[str]:
    assert all(isinstance(a, BookingReceipt | UnderwritingReceipt) for a in answers)
    return [str(getattr(a, "result", "")) for a in answers]


def approved(insurer: Counter) -> UnderwritingReceipt:
    last = insurer.ask(proposal(insurer, agreement(insurer).header.agreement_no))[-1]
    assert isinstance(last, UnderwritingReceipt)
    return last


def paid(insurer: Counter, amount: Decimal) -> list[Message]:
    message = PremiumPaid(
        meta=meta(PROPOSAL, "policy"), payment_id="JF1", amount=amount, paid_at=NOW
    )
    return insurer.ask(message, insurer.keys.policy)


def test_a_booking_is_received_accepted_and_answered_with_an_agreement(insurer: Counter) -> None:
    request = booking(insurer)
    received, accepted, push = insurer.ask(request)
    assert results([received, accepted]) == ["received", "accepted"]
    assert isinstance(push, PushCargoAgreement)
    assert push.meta.document_id == push.agreement.document_id
    assert {a.meta.in_reply_to for a in (received, accepted, push)} == {request.meta.message_id}
    header = push.agreement.header
    assert header.agreement_no == "OCK7Q2M9XD4P"
    assert (header.effective_from, header.effective_to) == (TODAY, TODAY + timedelta(days=364))
    refused = {row.section for row in push.agreement.goods if not row.covered}
    assert (len(push.agreement.goods), refused) == (21, {"I", "XVII", "XIX", "XXI"})


def test_a_booking_may_be_declined_with_a_reason(insurer: Counter) -> None:
    insurer.steer(refuse=True)
    answers = insurer.ask(booking(insurer))
    assert results(answers) == ["received", "declined"]
    assert isinstance(answers[-1], BookingReceipt)
    assert answers[-1].reason_text


def test_a_good_proposal_is_approved_at_the_base_rates(insurer: Counter) -> None:
    number = agreement(insurer).header.agreement_no
    answers = insurer.ask(proposal(insurer, number))
    assert results(answers) == ["pending", "approved"]
    quote = getattr(answers[-1], "quote", None)
    assert quote is not None
    assert (quote.rate, quote.premium, quote.currency) == (
        Decimal("0.6"),  # all risks 0.5, war 0.1, strikes 0
        Decimal("66.00"),
        "CNY",
    )


def test_a_proposal_under_an_unknown_agreement_is_rejected(insurer: Counter) -> None:
    assert results(insurer.ask(proposal(insurer, "OCNOSUCH"))) == ["data_rejected"]


def test_a_reviewed_proposal_is_approved_a_little_later(insurer: Counter) -> None:
    number = agreement(insurer).header.agreement_no
    message = proposal(insurer, number)
    used = message.form.goods.model_copy(update={"condition": "USED"})
    form = message.form.model_copy(update={"goods": used})
    letters = insurer.post(insurer.mail(message.model_copy(update={"form": form})))
    assert results([insurer.read(x) for x in letters]) == ["pending", "manual_review", "approved"]
    assert [x.due - NOW for x in letters] == [timedelta(0), timedelta(0), timedelta(seconds=0.3)]


def test_a_paid_premium_brings_the_policy(insurer: Counter) -> None:
    quote = approved(insurer).quote
    assert quote
    (issued,) = paid(insurer, quote.premium)
    assert isinstance(issued, CargoPolicyIssued)
    assert issued.meta.document_id == issued.policy.proposal_id == PROPOSAL
    assert (issued.policy.premium, issued.policy.start_date) == (
        quote.premium,
        issued.policy.depart_date,
    )
    (again,) = paid(insurer, quote.premium)  # told a second time under another message id
    assert isinstance(again, CargoPolicyIssued)
    assert again.policy == issued.policy


def test_no_policy_for_a_wrong_amount_or_an_unknown_proposal(insurer: Counter) -> None:
    assert paid(insurer, Decimal("66.00")) == []
    quote = approved(insurer).quote
    assert quote
    assert paid(insurer, quote.premium - 1) == []


@pytest.mark.parametrize("refuse", [True, False])
def test_a_withdrawal_is_granted_unless_steered_otherwise(insurer: Counter, refuse: bool) -> None:
    quote = approved(insurer).quote
    assert quote
    insurer.steer(refuse=refuse)
    (answer,) = insurer.ask(WithdrawCargoProposal(meta=meta(PROPOSAL), reason="货物取消"))
    assert isinstance(answer, WithdrawalReceipt)
    assert answer.result == ("refused" if refuse else "withdrawn")
    assert len(paid(insurer, quote.premium)) == (1 if refuse else 0)


def test_an_issued_policy_is_not_withdrawn(insurer: Counter) -> None:
    quote = approved(insurer).quote
    assert quote
    paid(insurer, quote.premium)
    (answer,) = insurer.ask(WithdrawCargoProposal(meta=meta(PROPOSAL), reason="货物取消"))
    assert isinstance(answer, WithdrawalReceipt)
    assert (answer.result, answer.reason_code) == ("refused", "ISSUED")
