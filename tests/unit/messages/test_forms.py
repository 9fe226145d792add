"""Rules of the other forms, of amounts, and of numbers with check digits."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from libs.messages.base import Model
from libs.messages.kinds import amounts
from libs.messages.kinds.agreement import CargoAgreementForm
from libs.messages.kinds.booking import BookingForm
from libs.messages.kinds.debit import DebitAgreementForm
from libs.messages.kinds.payment import PayPremium
from libs.messages.kinds.proposal_draft import CargoProposalDraft
from libs.messages.kinds.proposal_form import (
    CargoProposalForm,
    GoodsPart,
    HolderPart,
    InsurancePart,
    InsuredPart,
    InvoicePart,
    TransportPart,
)
from libs.messages.samples import (
    USCC,
    a_booking,
    a_debit_agreement,
    a_payment,
    a_proposal,
    an_agreement,
)

TODAY = date(2026, 11, 23)
HOLDER = a_proposal(TODAY).holder.model_dump()
Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f["header"].update(effectiveTo=date(2026, 1, 1)), "早于协议生效日期"),
        (lambda f: f["header"].update(markupDefault=Decimal(40)), "大于最大加成比例"),
        (lambda f: f["header"].update(transportModes=("2", "2")), "有重复的选项"),
        (lambda f: f["covers"][0].update(main=False), "一切险是主险"),
        (lambda f: f.update(covers=f["covers"][2:]), "没有主险"),
        (lambda f: f.update(covers=(*f["covers"], f["covers"][0])), "有重复的险别"),
        (lambda f: f["goods"][0].update(chapter="01"), "不属于货物大类"),
        (lambda f: f["goods"][0].update(rateMax=Decimal("0.1")), "小于费率下限"),
    ],
)
def test_an_agreement_is_consistent(change: Change, words: str) -> None:
    form = an_agreement(TODAY).model_dump(by_alias=True)
    change(form)
    with pytest.raises(ValueError, match=words):
        CargoAgreementForm.model_validate(form)


def test_a_booking_names_nothing_twice() -> None:
    form = a_booking().model_dump() | {"main_goods": ("XI", "XI")}
    with pytest.raises(ValueError, match=r"主要货物类别.*有重复的选项"):
        BookingForm.model_validate(form)


def test_a_payment_adds_up_and_names_nothing_twice() -> None:
    meta = {
        "message_id": uuid4(),
        "document_id": "JF1",
        "sender": USCC,
        "created_at": datetime.now(UTC),
    }
    fields = {"meta": meta, **a_payment("SQ1", ("TB1", Decimal(1)))}
    assert PayPremium.model_validate(fields).total == 1
    with pytest.raises(ValueError, match=r"合计金额.*应为：1\.00"):
        PayPremium.model_validate(fields | {"total": Decimal(2)})
    twice = a_payment("SQ1", ("TB1", Decimal(1)), ("TB1", Decimal(1)))
    with pytest.raises(ValueError, match="同一投保单出现多次"):
        PayPremium.model_validate(fields | twice)


@pytest.mark.parametrize(
    ("invoice", "markup", "insured"),
    [("100000.00", "10", "110000.00"), ("0.05", "10", "0.06"), ("1000.00", "0", "1000.00")],
)
def test_the_sum_insured_is_rounded_half_up(invoice: str, markup: str, insured: str) -> None:
    assert amounts.sum_insured(Decimal(invoice), Decimal(markup)) == Decimal(insured)


@pytest.mark.parametrize(
    ("insured", "premium"), [("110000.00", "55.00"), ("1100.00", "3.00"), ("10010.00", "5.01")]
)
def test_the_premium_is_rounded_half_up_and_has_a_minimum(insured: str, premium: str) -> None:
    assert amounts.premium(Decimal(insured), Decimal("0.5"), Decimal(3)) == Decimal(premium)


@pytest.mark.parametrize(
    "phone",
    ["13800138000", "+8613800138000", "+86-13800138000", "010-65194114", "02158881234-8001"],
)
def test_phones_of_china(phone: str) -> None:
    assert HolderPart.model_validate({**HOLDER, "phone": phone}).phone == phone


@pytest.mark.parametrize("phone", ["1380013800", "12800138000", "65194114", "010 65194114", "x"])
def test_other_phones_are_refused(phone: str) -> None:
    with pytest.raises(ValueError, match="phone"):
        HolderPart.model_validate({**HOLDER, "phone": phone})


HEAD_OFFICES = """
102100099996 103100000026 104100000004 105100000017 301290000007 302100011000 303100000006
304100040000 305100000013 306581000003 307584007998 308584000013 309391000011 310290000013
403100000004 313100000013 316331000018 318110000014
""".split()  # noqa: SIM905 - as a list it is eighteen lines


@pytest.mark.parametrize("number", HEAD_OFFICES)
def test_bank_numbers_have_a_check_digit(number: str) -> None:
    form = a_debit_agreement().model_dump()
    assert DebitAgreementForm(**form | {"payer_open_bank_no": number})
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    with pytest.raises(ValueError, match="联行号校验位有误"):
        DebitAgreementForm(**form | {"payer_open_bank_no": wrong})


def test_a_draft_may_lack_any_field_but_not_who_and_with_whom() -> None:
    holder = {"name": "甲公司", "uscc": USCC, "insurer": "PICC", "agreementNo": "A1"}
    assert CargoProposalDraft.model_validate({"holder": holder, "goods": {}, "transport": {}})
    with pytest.raises(ValueError, match="agreementNo"):
        CargoProposalDraft.model_validate({"holder": holder | {"agreementNo": None}})
    with pytest.raises(ValueError, match="货物大类中没有代码"):
        CargoProposalDraft.model_validate({"holder": holder, "goods": {"section": "?"}})


def test_the_form_needs_what_its_draft_may_lack_under_the_same_titles() -> None:
    for name, group in CargoProposalDraft.model_fields.items():
        whole = CargoProposalForm.model_fields[name]
        assert whole.title == group.title
    for part in (HolderPart, InsuredPart, GoodsPart, InvoicePart, TransportPart, InsurancePart):
        draft = part.__bases__[0]
        titles = {name: field.title for name, field in part.model_fields.items()}
        assert issubclass(draft, Model)
        assert titles == {name: field.title for name, field in draft.model_fields.items()}
