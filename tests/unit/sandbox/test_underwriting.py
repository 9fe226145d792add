"""Underwriting decides on what it is given, nothing else."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

import pytest

from libs.messages.kinds import amounts
from libs.messages.kinds.agreement import CargoAgreementForm, SpecialTerm
from libs.messages.kinds.proposal import UnderwritingResult
from libs.messages.kinds.proposal_form import CargoProposalForm
from libs.messages.samples import OTHER_USCC, a_booking, a_proposal
from sandbox.insurer.agreements import LIMIT, agreement_no, offer
from sandbox.insurer.underwriting import BLOCKED, judge

TODAY = date(2026, 11, 23)
BOOKING = "YY20261123K7Q2M9XD4P"


def agreement() -> CargoAgreementForm:
    return offer(a_booking(), BOOKING, "PICC", TODAY)


def proposal(**parts: Mapping[str, object]) -> CargoProposalForm:
    """The sample proposal with some fields of some parts changed."""
    form = a_proposal(TODAY, agreement_no=agreement_no(BOOKING))
    changed = {
        name: getattr(form, name).model_copy(update=dict(fields)) for name, fields in parts.items()
    }
    return form.model_copy(update=changed)


def insured_for(amount: str, **more: object) -> CargoProposalForm:
    return proposal(insurance={"sum_insured": Decimal(amount), **more})


@pytest.mark.parametrize(
    ("form", "code"),
    [
        (proposal(transport={"depart_date": TODAY + timedelta(days=365)}), "NOT_IN_FORCE"),
        (proposal(transport={"depart_date": TODAY - timedelta(days=1)}), "NOT_IN_FORCE"),
        (proposal(goods={"section": "XIX", "chapter": "93"}), "SECTION"),
        (insured_for("6000000.01"), "LIMIT"),
        (proposal(insurance={"rate": Decimal("0.29")}), "RATE"),
        (proposal(insurance={"rate": Decimal("1.01")}), "RATE"),
        (proposal(insurance={"main_cover": "CIC-AIR"}), "COVER"),
        (proposal(insurance={"currency": "CHF"}), "CURRENCY"),
        (proposal(insured={"id_number": next(iter(BLOCKED))}), "BLOCKED"),
    ],
)
def test_what_is_refused_is_refused_with_a_reason(form: CargoProposalForm, code: str) -> None:
    judgement = judge(form, agreement(), TODAY)
    assert judgement.result is UnderwritingResult.REFUSED
    assert [reason for reason, _ in judgement.reasons] == [code]
    pending, refused = judgement.answers()
    assert (pending.fields["result"], refused.fields["result"]) == ("pending", "refused")
    assert refused.fields["reason_text"]


@pytest.mark.parametrize(
    ("form", "today"),
    [
        (insured_for("3000000.01"), TODAY),
        (insured_for("6000000.00"), TODAY),
        (insured_for("500000.00", currency="USD"), TODAY),  # more than the limit in CNY
        (proposal(goods={"condition": "USED"}), TODAY),
        (proposal(goods={"condition": "DANGER"}), TODAY),
        (proposal(transport={"bulk": True}), TODAY),
        (proposal(transport={"lc_used": True, "lc_no": "LC1"}), TODAY),
        (proposal(), TODAY + timedelta(days=4)),  # it has departed
        (
            proposal().model_copy(
                update={"special_terms": (SpecialTerm(name="舱面", content="舱面货"),)}
            ),
            TODAY,
        ),
    ],
)
def test_what_needs_a_look_is_reviewed_then_approved(form: CargoProposalForm, today: date) -> None:
    judgement = judge(form, agreement(), today)
    assert judgement.reviewed
    answers = judgement.answers()
    assert [a.fields["result"] for a in answers] == ["pending", "manual_review", "approved"]
    assert [a.after > 0 for a in answers] == [False, False, True]


@pytest.mark.parametrize("amount", ["1.00", str(LIMIT)])
def test_the_rest_is_approved_at_once(amount: str) -> None:
    judgement = judge(insured_for(amount), agreement(), TODAY)
    assert [a.fields["result"] for a in judgement.answers()] == ["pending", "approved"]
    assert judgement.quote
    assert judgement.quote.premium == amounts.premium(
        Decimal(amount), Decimal("0.6"), Decimal("3.00")
    )


def test_a_foreign_sum_is_quoted_in_yuan() -> None:
    quote = judge(insured_for("1000.00", currency="USD"), agreement(), TODAY).quote
    assert quote
    assert (quote.sum_insured, quote.currency, quote.exchange_rate) == (
        Decimal("7100.00"),
        "CNY",
        Decimal("7.1"),
    )


def test_anothers_agreement_is_unknown() -> None:
    form = proposal(holder={"uscc": OTHER_USCC})
    (answer,) = judge(form, agreement(), TODAY).answers()
    assert answer.fields["result"] == "data_rejected"
    assert judge(proposal(), None, TODAY).result is UnderwritingResult.DATA_REJECTED


def test_every_reason_is_told_at_once() -> None:
    form = proposal(insurance={"rate": Decimal(2)}, insured={"id_number": next(iter(BLOCKED))})
    judgement = judge(form, agreement(), TODAY, refuse=True)
    assert [code for code, _ in judgement.reasons] == ["APPETITE", "RATE", "BLOCKED"]
