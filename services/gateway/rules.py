"""Pure decisions: what a bank's status means to payment, and what cannot be true."""

from collections import Counter
from dataclasses import dataclass

from libs.decisions.checks import CONTRADICTION
from libs.lifecycle import Rejected
from libs.messages.kinds.debit import MandateAction, MandateResult
from libs.messages.kinds.payment import CollectionResult
from services.gateway import reasons
from services.gateway.documents import CollectionExchange
from services.gateway.iso20022.models import Status, StatusReport
from services.gateway.iso20022.reasons import national_reason

MANDATE_MESSAGES = {
    "pain.009.001.05": MandateAction.INITIATE,
    "pain.010.001.05": MandateAction.AMEND,
    "pain.011.001.05": MandateAction.CANCEL,
}
MANDATE_RECEIPTS = {
    Status.RECEIVED: MandateResult.RECEIVED,
    Status.TECHNICALLY_ACCEPTED: MandateResult.RECEIVED,
    Status.PENDING: MandateResult.RECEIVED,
    Status.REJECTED: MandateResult.UNDELIVERABLE,
}
FINAL_MANDATE = (MandateResult.ACCEPTED, MandateResult.REFUSED, MandateResult.UNDELIVERABLE)

RESULTS = {
    Status.RECEIVED: CollectionResult.PENDING,
    Status.TECHNICALLY_ACCEPTED: CollectionResult.PENDING,
    Status.ACCEPTED_PROFILE: CollectionResult.PENDING,
    Status.PENDING: CollectionResult.PENDING,
    Status.IN_PROCESS: CollectionResult.PENDING,
    Status.SETTLED: CollectionResult.PAID,
    Status.REJECTED: CollectionResult.FAILED,
    Status.PARTLY: CollectionResult.UNKNOWN,
}
FINAL = (CollectionResult.PAID, CollectionResult.FAILED)


@dataclass(frozen=True, slots=True)
class CollectionAnswer:
    """A bank's answer in payment's words. A reason's code is national (RJ…), its text Chinese."""

    result: CollectionResult
    code: str | None
    text: str | None


def collection_answer(report: StatusReport) -> CollectionAnswer:
    """What a status report means.

    A payment is booked as one batch, all or nothing: a bank that says PART has not kept to that.
    The money it took must not be lost from sight, so the result stays unknown until a person and
    the bank have cleared it.
    """
    result = RESULTS[report.status]
    if result is CollectionResult.UNKNOWN:
        partly = reasons.PARTLY_COLLECTED
        return CollectionAnswer(result, partly.code, partly.text("zh"))
    return CollectionAnswer(result, *national_reason(report.reason, report.detail))


def is_news(known: CollectionResult | None, told: CollectionResult) -> bool:
    """Whether payment must hear it: a repeated end, or an earlier state after it, is no news.

    Raises Rejected CONTRADICTION when the bank takes back an end.
    """
    if known not in FINAL:
        return True
    if told in FINAL and told != known:
        raise Rejected(CONTRADICTION, detail=f"{known} → {told}")
    return False


def adds_up(report: StatusReport, asked: CollectionExchange) -> None:
    """Rows and sum of a report are those of the collection, and agree with its own status.

    Raises Rejected CONTRADICTION.
    """
    known = {item.proposal_id for item in asked.items}
    times = Counter(row.proposal_id for row in report.rows)
    if strange := sorted(row for row, count in times.items() if row not in known or count > 1):
        raise Rejected(CONTRADICTION, detail=f"EndToEndId {'、'.join(strange)}")
    if report.control_sum not in (None, asked.total):
        raise Rejected(CONTRADICTION, detail=f"OrgnlCtrlSum {report.control_sum}≠{asked.total}")
    ended = {row.status for row in report.rows} & {Status.SETTLED, Status.REJECTED}
    whole = report.status in (Status.SETTLED, Status.REJECTED)
    if whole and ended - {report.status}:
        raise Rejected(CONTRADICTION, detail=f"PmtInfSts {report.status}，TxSts {sorted(ended)}")
