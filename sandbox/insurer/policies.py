"""Policies and withdrawals: what follows on an approved proposal. Pure."""

from datetime import datetime

from libs.messages.codes.tables import PACKAGE
from libs.messages.kinds.proposal import (
    CargoPolicyForm,
    CargoPolicyIssued,
    PremiumQuote,
    WithdrawalReceipt,
    WithdrawalResult,
)
from libs.messages.kinds.proposal_form import CargoProposalForm
from sandbox.insurer.answers import Answer


def policy(
    form: CargoProposalForm, quote: PremiumQuote, proposal_id: str, now: datetime
) -> CargoPolicyForm:
    """The policy for a paid proposal; its number always follows from the proposal's."""
    goods, route, cover = form.goods, form.transport, form.insurance
    return CargoPolicyForm(
        policy_no=f"PC{proposal_id[-30:]}",
        insurer=form.holder.insurer,
        proposal_id=proposal_id,
        agreement_no=form.holder.agreement_no,
        holder=form.holder.name,
        holder_uscc=form.holder.uscc,
        insured=form.insured.name,
        goods=goods.description,
        packing=PACKAGE.rows[goods.pack_type],
        marks=goods.marks,
        conveyance=f"{route.vessel_name or ''} {route.voyage_no}".strip(),
        route=f"{route.from_port_desc}—{route.to_port_desc}",
        depart_date=route.depart_date,
        main_cover=cover.main_cover,
        added_covers=cover.added_covers,
        sum_insured=quote.sum_insured,
        currency=quote.currency,
        rate=quote.rate,
        premium=quote.premium,
        claim_payable_place=route.claim_payable_place,
        start_date=route.depart_date,
        issued_at=now,
    )


def issued(form: CargoPolicyForm) -> list[Answer]:
    """The message that brings the policy."""
    return [Answer(CargoPolicyIssued, {"policy": form})]


def withdraw(*, has_policy: bool, refuse: bool) -> Answer:
    """Withdrawn, unless steered otherwise or the policy is out."""
    if not (has_policy or refuse):
        return Answer(WithdrawalReceipt, {"result": WithdrawalResult.WITHDRAWN})
    code, text = ("ISSUED", "保单已出具") if has_policy else ("APPETITE", "我司不同意撤销")
    fields = {"result": WithdrawalResult.REFUSED, "reason_code": code, "reason_text": text}
    return Answer(WithdrawalReceipt, fields)
