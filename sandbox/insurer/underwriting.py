"""Underwriting: a proposal against its agreement. Pure: everything it needs is given."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from libs.messages.kinds import amounts
from libs.messages.kinds.agreement import AgreementGoods, CargoAgreementForm
from libs.messages.kinds.proposal import PremiumQuote, UnderwritingReceipt, UnderwritingResult
from libs.messages.kinds.proposal_form import CargoProposalForm
from sandbox.insurer.answers import Answer

BLOCKED = frozenset({"91110000MA00BLACK7"})  # insured persons that are not taken; made up
CNY_RATES = {  # a made-up rate of the day
    "CNY": Decimal(1),
    "USD": Decimal("7.1"),
    "EUR": Decimal("7.8"),
    "GBP": Decimal("9.1"),
    "HKD": Decimal("0.91"),
    "JPY": Decimal("0.048"),
}
REVIEW_SECONDS = 0.3
_MOST = 2  # times the limit; above, even the underwriter refuses

Reason = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a proposal. A reason: refused; none: approved at the quote."""

    result: UnderwritingResult
    reasons: tuple[Reason, ...] = ()
    quote: PremiumQuote | None = None
    reviewed: bool = False

    def answers(self) -> list[Answer]:
        """The receipts, in order."""
        if self.result is UnderwritingResult.DATA_REJECTED:
            return [_receipt(self.result, reasons=self.reasons)]
        pending = _receipt(UnderwritingResult.PENDING)
        after = REVIEW_SECONDS if self.reviewed else 0.0
        last = _receipt(self.result, self.quote, self.reasons, after)
        if self.reviewed:
            return [pending, _receipt(UnderwritingResult.MANUAL_REVIEW), last]
        return [pending, last]


def judge(
    form: CargoProposalForm,
    agreement: CargoAgreementForm | None,
    today: date,
    *,
    refuse: bool = False,
) -> Judgement:
    """The insurer's decision on a proposal."""
    if agreement is None or agreement.header.holder_uscc != form.holder.uscc:
        unknown = ("AGREEMENT", f"协议编号 {form.holder.agreement_no} 不存在或不属于该投保人")
        return Judgement(UnderwritingResult.DATA_REJECTED, (unknown,))
    reasons = tuple(_against(form, agreement))
    if refuse:
        reasons = (("APPETITE", "该业务暂不在我司承保范围内"), *reasons)
    if reasons:
        return Judgement(UnderwritingResult.REFUSED, reasons)
    return Judgement(
        UnderwritingResult.APPROVED,
        quote=quote(form, agreement),
        reviewed=_needs_review(form, agreement, today),
    )


def quote(form: CargoProposalForm, agreement: CargoAgreementForm) -> PremiumQuote:
    """The agreement's base rates of the chosen covers, added up; in CNY."""
    base = {row.code: row.base_rate for row in agreement.covers}
    rate = sum((base[code] for code in _chosen(form)), Decimal(0))
    insured = _insured_cny(form)
    row = _row(form, agreement)
    least = max(agreement.header.min_premium, (row and row.min_premium) or Decimal(0))
    currency = form.insurance.currency
    return PremiumQuote(
        sum_insured=insured,
        currency="CNY",
        rate=rate,
        premium=amounts.premium(insured, rate, least),
        exchange_rate=None if currency == "CNY" else CNY_RATES[currency],
    )


def _against(form: CargoProposalForm, agreement: CargoAgreementForm) -> Iterator[Reason]:
    header, cover = agreement.header, form.insurance
    if not header.effective_from <= form.transport.depart_date <= header.effective_to:
        yield (
            "NOT_IN_FORCE",
            f"起运日期不在协议有效期 {header.effective_from} 至 {header.effective_to} 内",
        )
    row = _row(form, agreement)
    if row is None or not row.covered:
        yield "SECTION", f"货物大类 {form.goods.section} 不在承保范围内"
    elif not row.rate_min <= cover.rate <= row.rate_max:
        yield "RATE", f"保险费率应在 {row.rate_min}‰ 至 {row.rate_max}‰ 之间"
    if cover.currency not in CNY_RATES:
        yield "CURRENCY", f"不接受币种 {cover.currency}"
    elif _insured_cny(form) > _MOST * header.limit_per_conveyance:
        yield "LIMIT", f"保险金额超过每次运输限额 {header.limit_per_conveyance} 元的 {_MOST} 倍"
    if missing := sorted(set(_chosen(form)) - {c.code for c in agreement.covers}):
        yield "COVER", f"协议未约定险别 {'、'.join(missing)}"
    if form.insured.id_number in BLOCKED:
        yield "BLOCKED", "被保险人不符合我司承保要求"


def _needs_review(form: CargoProposalForm, agreement: CargoAgreementForm, today: date) -> bool:
    route = form.transport
    return (
        _insured_cny(form) > agreement.header.limit_per_conveyance
        or form.goods.condition != "NEW"
        or route.bulk
        or route.lc_used
        or bool(form.special_terms)
        or route.depart_date < today
    )


def _chosen(form: CargoProposalForm) -> tuple[str, ...]:
    return (form.insurance.main_cover, *form.insurance.added_covers)


def _insured_cny(form: CargoProposalForm) -> Decimal:
    return amounts.cents(form.insurance.sum_insured * CNY_RATES[form.insurance.currency])


def _row(form: CargoProposalForm, agreement: CargoAgreementForm) -> AgreementGoods | None:
    """The agreement's row for these goods; one for the chapter goes before one for all of it."""
    rows = [r for r in agreement.goods if r.section == form.goods.section]
    exact = [r for r in rows if r.chapter == form.goods.chapter]
    whole = [r for r in rows if r.chapter is None]
    return next(iter((*exact, *whole)), None)


def _receipt(
    result: UnderwritingResult,
    quote: PremiumQuote | None = None,
    reasons: tuple[Reason, ...] = (),
    after: float = 0.0,
) -> Answer:
    fields: dict[str, object] = {"result": result, "quote": quote}
    if reasons:
        fields["reason_code"] = reasons[0][0]
        fields["reason_text"] = "；".join(text for _, text in reasons)
    return Answer(UnderwritingReceipt, fields, after)
