"""Pure decisions: may this be collected, and when to ask the bank again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from libs.decisions import BEIJING, Record
from libs.lifecycle import Rejected
from libs.lifecycle.tables import DEBIT_AGREEMENT
from libs.lifecycle.tables import debit_agreement as agreement_states
from libs.messages.kinds.debit import DebitAgreementForm, MandateAction
from libs.messages.kinds.payment import Items, PaymentItem
from services.payment import reasons
from services.payment.documents import DebitAgreementBody, DueBody

MANDATE_WAIT = timedelta(minutes=5)  # then 发送失败; a later answer still counts
QUERY_WAIT_MAX = timedelta(hours=1)
_DOUBLINGS_MAX = 12


@dataclass(frozen=True)
class Waits:
    """How long a bank may take."""

    query: timedelta = timedelta(seconds=20)  # before it is asked the first time


def query_wait(queries: int, waits: Waits) -> timedelta:
    """How long to wait for the bank before query number `queries` + 1: twice as long each time."""
    doubled: int = 2 ** min(queries, _DOUBLINGS_MAX)
    return min(waits.query * doubled, QUERY_WAIT_MAX)


def end_of(day: date | None) -> datetime | None:
    """The midnight in Beijing that ends `day`; None when there is no last day."""
    if day is None or day == date.max:
        return None
    return datetime.combine(day + timedelta(days=1), time(), BEIJING)


def signable(form: DebitAgreementForm, today: date) -> None:
    """A company may ask a bank for this. Raises Rejected TERMS_NOT_ACCEPTED, VALIDITY_PAST."""
    if not form.terms_accepted:
        raise Rejected(reasons.TERMS_NOT_ACCEPTED)
    if form.valid_to and form.valid_to < today:
        raise Rejected(reasons.VALIDITY_PAST, day=form.valid_to)


def mandate_action(
    before: Record[DebitAgreementBody] | None, form: DebitAgreementForm
) -> MandateAction:
    """A bank that refused a mandate is asked to amend it; any other bank hears of it first."""
    refused = before is not None and before.status == agreement_states.REFUSED.code
    same_bank = before is not None and before.body.facts.bank == form.payer_bank_code
    return MandateAction.AMEND if refused and same_bank else MandateAction.INITIATE


def usable(agreement: Record[DebitAgreementBody]) -> str:
    """The bank's number of an agreement in force. Raises Rejected AGREEMENT_NOT_SIGNED."""
    number = agreement.body.facts.agreement_no
    if agreement.status != agreement_states.SIGNED.code or number is None:
        state = DEBIT_AGREEMENT.state(agreement.status).zh
        raise Rejected(reasons.AGREEMENT_NOT_SIGNED, id=agreement.ref.id, state=state)
    return number


def adds_up(items: Items, total: Decimal) -> None:
    """The total is the sum of the rows. Raises Rejected WRONG_TOTAL."""
    right = sum((item.amount for item in items), Decimal(0))
    if total != right:
        raise Rejected(reasons.WRONG_TOTAL, wrong=total, right=right)


def collectable(
    dues: Sequence[tuple[PaymentItem, Record[DueBody]]], company: str, payee: str
) -> None:
    """Each item is this company's, owed to this payee, of this amount, and held by no payment.

    Raises Rejected NOTHING_DUE, PAYEE_DIFFERS, ALREADY_PAID, ALREADY_PAYING, AMOUNT_DIFFERS.
    """
    for item, due in dues:
        number, owed = item.proposal_id, due.body
        if due.owner != company:
            raise Rejected(reasons.NOTHING_DUE, id=number)
        if owed.insurer != payee:
            raise Rejected(reasons.PAYEE_DIFFERS, id=number, payee=payee)
        if owed.paid:
            raise Rejected(reasons.ALREADY_PAID, id=number)
        if owed.payment_id is not None:
            raise Rejected(reasons.ALREADY_PAYING, id=number, payment=owed.payment_id)
        if owed.amount != item.amount:
            raise Rejected(reasons.AMOUNT_DIFFERS, id=number, right=owed.amount, wrong=item.amount)
