"""What the bank decides. Pure: accounts, mandates and earlier results are given.

Reason codes are those of ISO 20022's external code sets.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sandbox.bank.requests import CURRENCY, CollectRequest, MandateRequest, Side

SETTLED, REJECTED = "ACSC", "RJCT"
OPENING_BALANCE = Decimal("100000000.00")

REASONS = {
    "BE01": "户名与账号不符",
    "MD01": "扣款授权不存在或已撤销",
    "AM02": "超过授权的单笔限额",
    "AM03": "只接受人民币",
    "AM04": "余额不足",
    "MS03": "银行不予办理",
    "NOOR": "未收到该笔扣款请求",
}


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the bank."""

    number: str
    name: str
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Mandate:
    """A mandate the bank holds."""

    id: str
    request_id: str
    debtor: Side
    creditor: Side
    most: Decimal | None
    active: bool = True


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one premium."""

    id: str
    status: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a payment; always the same for the same payment id."""

    payment_id: str
    status: str
    rows: tuple[RowResult, ...] = ()
    reason: str = ""


def mandate_fault(request: MandateRequest, account: Account | None, *, refuse: bool) -> str:
    """Why a mandate cannot be had: a reason code, or nothing."""
    if refuse:
        return "MS03"
    if account is not None and account.name != request.debtor.name:
        return "BE01"
    return ""


def collection_fault(
    request: CollectRequest,
    mandates: Mapping[str, Mandate],
    balance: Decimal,
    collected: Collection[str],
    *,
    refuse: bool,
) -> str:
    """Why a payment cannot be collected: a reason code, or nothing.

    `mandates` by number; `balance` of the payer; `collected` rows are not debited again.
    """
    if not due(request, collected):
        return ""  # all of it was collected before: told again
    if refuse:
        return "MS03"
    if any(row.currency != CURRENCY for row in request.rows):
        return "AM03"
    used = [mandates.get(row.mandate_id) for row in request.rows]
    active = [mandate for mandate in used if mandate is not None and mandate.active]
    if len(active) != len(used) or len({mandate.debtor.account for mandate in active}) != 1:
        return "MD01"
    if any(mandate.most is not None and request.total > mandate.most for mandate in active):
        return "AM02"
    return "AM04" if due(request, collected) > balance else ""


def due(request: CollectRequest, collected: Collection[str]) -> Decimal:
    """What is to be debited: the rows that were not collected before."""
    return sum((row.amount for row in request.rows if row.id not in collected), Decimal(0))


def result(
    request: CollectRequest, fault: str, reference: str, collected: Mapping[str, str]
) -> Result:
    """The result of a payment. `collected`: references of rows that were collected before."""
    status = REJECTED if fault else SETTLED
    rows = tuple(
        RowResult(row.id, SETTLED, collected[row.id])
        if row.id in collected
        else RowResult(row.id, status, "" if fault else reference)
        for row in request.rows
    )
    return Result(request.payment_id, status, rows, fault)


def unknown(payment_id: str) -> Result:
    """The answer about a payment that never arrived."""
    return Result(payment_id, REJECTED, reason="NOOR")
