"""What the bank decides. Pure: accounts, mandates and earlier results are given.

Reason codes are those of ISO 20022's external code sets.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sandbox.bank.requests import CURRENCY, CollectRequest, MandateRequest, Side

SETTLED, REJECTED = "ACSC", "RJCT"
OPENING_BALANCE = Decimal("100000000.00")

BANK_HEADS = {"ICBC": "102", "BOC": "104"}  # the first digits of a bank's CNAPS numbers

REASONS = {
    "AC04": "账户已销户",
    "RC01": "开户行行号不属于本行",
    "BE01": "户名与账号不符",
    "MD01": "扣款授权不存在或已撤销",
    "AG01": "扣款授权已过有效期",
    "AM02": "超过授权的单笔限额",
    "AM21": "超过授权的当日累计限额",
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
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Mandate:
    """A mandate the bank holds."""

    id: str
    request_id: str
    debtor: Side
    creditor: Side
    most: Decimal | None
    daily: Decimal | None = None
    last_day: date | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Day:
    """A date in Beijing, and what was debited on it by mandate."""

    date: date
    spent: Mapping[str, Decimal] = field(default_factory=dict)


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


def mandate_fault(
    request: MandateRequest, account: Account | None, bank: str, *, refuse: bool
) -> str:
    """Why a mandate cannot be had: a reason code, or nothing. `account`: None opens one."""
    name = account.name if account else request.company
    found = {
        "MS03": refuse,
        "RC01": not request.debtor.bank_no.startswith(BANK_HEADS[bank]),
        "AC04": account is not None and account.closed,
        "BE01": request.debtor.name != name or request.company != name,
    }
    return next((code for code, is_so in found.items() if is_so), "")


def collection_fault(
    request: CollectRequest,
    mandates: Mapping[str, Mandate],
    account: Account | None,
    collected: Collection[str],
    day: Day,
    *,
    refuse: bool,
) -> str:
    """Why a payment cannot be collected: a reason code, or nothing.

    `mandates` by number; `account` of the payer; `collected` rows are not debited again.
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
    return _account_fault(account, due(request, collected)) or _limit_fault(
        request.total, active, due(request, collected), day
    )


def _account_fault(account: Account | None, amount: Decimal) -> str:
    if account is None or account.closed:
        return "AC04"
    return "AM04" if amount > account.balance else ""


def _limit_fault(total: Decimal, mandates: Iterable[Mandate], new: Decimal, day: Day) -> str:
    for mandate in mandates:
        if mandate.last_day is not None and mandate.last_day < day.date:
            return "AG01"
        if mandate.most is not None and total > mandate.most:
            return "AM02"
        spent = day.spent.get(mandate.id, Decimal(0))
        if mandate.daily is not None and spent + new > mandate.daily:
            return "AM21"
    return ""


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
