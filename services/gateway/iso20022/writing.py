"""Requests to banks, written as XML: one function a message type. The schema has the last word."""

from libs.decisions import BEIJING
from libs.messages.envelope import time_text
from services.gateway.iso20022 import parts
from services.gateway.iso20022.models import (
    DirectDebit,
    MandateAmendment,
    MandateCancellation,
    MandateInitiation,
    StatusRequest,
)
from services.gateway.iso20022.xml import STATUS_REQUEST, Node, build

REQUESTED_BY_CUSTOMER = "MD16"  # of the external set of mandate reasons


def initiation(message: MandateInitiation) -> bytes:
    """pain.009."""
    mandate = parts.mandate(message.meta.document_id, message.form)
    body: list[Node] = [parts.header(message.meta), mandate, parts.supplement(message.form)]
    return build("pain.009.001.05", "MndtInitnReq", body)


def amendment(message: MandateAmendment) -> bytes:
    """pain.010; a refused mandate has no number of the bank's, so ours stands for it."""
    number = message.meta.document_id
    details: list[Node] = [
        ("AmdmntRsn", [("Rsn", [("Cd", REQUESTED_BY_CUSTOMER)])]),
        parts.mandate(number, message.form, mandate_id=number),
        ("OrgnlMndt", [("OrgnlMndtId", number)]),
    ]
    body: list[Node] = [
        parts.header(message.meta),
        ("UndrlygAmdmntDtls", details),
        parts.supplement(message.form),
    ]
    return build("pain.010.001.05", "MndtAmdmntReq", body)


def cancellation(message: MandateCancellation) -> bytes:
    """pain.011."""
    reason: list[Node] = [
        ("Rsn", [("Cd", REQUESTED_BY_CUSTOMER)]),
        *parts.sentences("AddtlInf", message.reason),
    ]
    original = parts.mandate(
        message.meta.document_id, message.form, tag="OrgnlMndt", mandate_id=message.mandate_id
    )
    details: list[Node] = [("CxlRsn", reason), ("OrgnlMndt", [original])]
    body: list[Node] = [parts.header(message.meta), ("UndrlygCxlDtls", details)]
    return build("pain.011.001.05", "MndtCxlReq", body)


def direct_debit(message: DirectDebit) -> bytes:
    """pain.008: one payment information, one transaction a proposal, booked as one batch."""
    count, total = str(len(message.items)), f"{message.total:.2f}"
    creditor = message.creditor
    day = message.meta.created_at.astimezone(BEIJING).date()
    instruction: list[Node] = [
        ("PmtInfId", message.meta.document_id),
        ("PmtMtd", "DD"),
        ("BtchBookg", "true"),
        ("NbOfTxs", count),
        ("CtrlSum", total),
        ("ReqdColltnDt", day.isoformat()),
        parts.party("Cdtr", creditor.name, parts.code(message.creditor_code)),
        parts.account("CdtrAcct", creditor.account, needed=True),
        parts.agent("CdtrAgt", creditor.bank_no),
        *(_transaction(message, item.proposal_id, f"{item.amount:.2f}") for item in message.items),
    ]
    head = parts.header(message.meta, ("NbOfTxs", count), ("CtrlSum", total))
    return build("pain.008.001.07", "CstmrDrctDbtInitn", [head, ("PmtInf", instruction)])


def _transaction(message: DirectDebit, id: str, amount: str) -> Node:
    debtor = message.debtor
    return (
        "DrctDbtTxInf",
        [
            ("PmtId", [("EndToEndId", id)]),
            ("InstdAmt@CNY", amount),
            ("DrctDbtTx", [("MndtRltdInf", [("MndtId", message.mandate_id)])]),
            parts.agent("DbtrAgt", debtor.bank_no),
            parts.party("Dbtr", debtor.name, parts.uscc(message.debtor_uscc)),
            parts.account("DbtrAcct", debtor.account, needed=True),
        ],
    )


def status_request(message: StatusRequest) -> bytes:
    """A question of our own making: ISO 20022 has none for pain.008 in these versions."""
    meta = message.meta
    body: list[Node] = [
        ("MsgId", meta.message_id.hex),
        ("CreDtTm", time_text(meta.created_at)),
        ("InitgPty", meta.sender),
        ("OrgnlPmtInfId", meta.document_id),
    ]
    return build(STATUS_REQUEST, "StatusRequest", body)
