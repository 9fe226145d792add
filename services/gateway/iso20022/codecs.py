"""The codecs of banks' messages: one builder or reader a message type.

The gateway writes requests and reads answers; each is checked against the XSD.
"""

from collections.abc import Callable

from lxml import etree

from libs.messages.base import Message, Meta
from libs.messages.codec import Content
from libs.messages.envelope import time_text
from libs.messages.errors import Malformed
from libs.messages.parsing import parse_xml
from services.gateway.iso20022 import parts
from services.gateway.iso20022.models import (
    DirectDebit,
    MandateAmendment,
    MandateCancellation,
    MandateInitiation,
    MandateReport,
    PaymentReport,
    PaymentStatus,
    StatusRequest,
)
from services.gateway.iso20022.xml import Node, build, check, text

STATUS_NAMESPACE = "urn:tongbao:bank:status-request:1"


class Writes:
    """A codec of requests: only ever written by us."""

    def __init__(self, write: Callable[..., bytes]) -> None:
        self._write = write

    def encode(self, message: Message, content_type: str) -> bytes:
        """The document's bytes. Raises ValueError when the schema says no."""
        return self._write(message)

    def decode(self, data: Content, content_type: str) -> Message:
        """Refuse: banks do not send requests. Raises Malformed."""
        raise Malformed("WRONG_KIND", "banks answer; they do not ask")


class Reads:
    """A codec of answers: only ever read by us."""

    def __init__(self, message_type: str, read: Callable[[etree._Element], Message]) -> None:
        self._message_type = message_type
        self._read = read

    def encode(self, message: Message, content_type: str) -> bytes:
        """Refuse: answers are the banks'. Raises ValueError."""
        raise ValueError(f"the gateway does not write {self._message_type}")

    def decode(self, data: Content, content_type: str) -> Message:
        """Parse, check against the schema, read. Raises Malformed."""
        root = parse_xml(data) if isinstance(data, bytes) else data
        check(self._message_type, root)
        try:
            return self._read(root)
        except ValueError as error:
            raise Malformed("FIELDS", f"{self._message_type}：{error}") from None


def write_initiation(message: MandateInitiation) -> bytes:
    """pain.009."""
    number = message.meta.document_id
    body: list[Node] = [parts.header(message.meta), parts.mandate(number, message.form)]
    return build("pain.009.001.05", "MndtInitnReq", body)


def write_amendment(message: MandateAmendment) -> bytes:
    """pain.010; a refused mandate has no number of the bank's, so ours stands for it."""
    number = message.meta.document_id
    details: list[Node] = [
        ("AmdmntRsn", [("Rsn", [("Cd", "MD16")])]),
        parts.mandate(number, message.form, mandate_id=number),
        ("OrgnlMndt", [("OrgnlMndtId", number)]),
    ]
    body: list[Node] = [parts.header(message.meta), ("UndrlygAmdmntDtls", details)]
    return build("pain.010.001.05", "MndtAmdmntReq", body)


def write_cancellation(message: MandateCancellation) -> bytes:
    """pain.011."""
    details: list[Node] = [
        ("CxlRsn", [("Rsn", [("Cd", "MD16")]), ("AddtlInf", message.reason)]),
        ("OrgnlMndt", [("OrgnlMndtId", message.meta.document_id)]),
    ]
    body: list[Node] = [parts.header(message.meta), ("UndrlygCxlDtls", details)]
    return build("pain.011.001.05", "MndtCxlReq", body)


def write_direct_debit(message: DirectDebit) -> bytes:
    """pain.008: one payment information, one transaction a proposal."""
    count, total = str(len(message.items)), f"{message.total:.2f}"
    creditor = message.creditor
    instruction: list[Node] = [
        ("PmtInfId", message.meta.document_id),
        ("PmtMtd", "DD"),
        ("BtchBookg", "true"),
        ("NbOfTxs", count),
        ("CtrlSum", total),
        ("ReqdColltnDt", message.meta.created_at.date().isoformat()),
        parts.party("Cdtr", creditor.name, message.creditor_code),
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
            parts.party("Dbtr", debtor.name, message.debtor_uscc),
            parts.account("DbtrAcct", debtor.account, needed=True),
        ],
    )


def write_status_request(message: StatusRequest) -> bytes:
    """A question of our own making: ISO 20022 has none for pain.008 in these versions."""
    meta = message.meta
    root = etree.Element(f"{{{STATUS_NAMESPACE}}}StatusRequest", nsmap={"s": STATUS_NAMESPACE})
    for tag, content in (
        ("MsgId", meta.message_id.hex),
        ("CreDtTm", time_text(meta.created_at)),
        ("InitgPty", meta.sender),
        ("OrgnlPmtInfId", meta.document_id),
    ):
        etree.SubElement(root, f"{{{STATUS_NAMESPACE}}}{tag}").text = content
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def read_mandate_report(root: etree._Element) -> MandateReport:
    """pain.012."""
    details = "UndrlygAccptncDtls"
    mandate = f"{details}/OrgnlMndt/OrgnlMndt"
    by_id = text(root, f"{details}/OrgnlMndt/OrgnlMndtId")
    number = text(root, f"{mandate}/MndtReqId") or by_id
    result = f"{details}/AccptncRslt"
    reason = f"{result}/RjctRsn"
    return MandateReport(
        meta=_meta(root, number),
        original_id=text(root, f"{details}/OrgnlMsgInf/MsgId") or "",
        accepted=text(root, f"{result}/Accptd") in ("true", "1"),
        mandate_id=text(root, f"{mandate}/MndtId") or by_id,
        reason=text(root, f"{reason}/Cd") or text(root, f"{reason}/Prtry"),
        detail=text(root, f"{result}/AddtlRjctRsnInf"),
    )


def read_payment_report(root: etree._Element) -> PaymentReport:
    """pain.002: one collection a report."""
    info = "OrgnlPmtInfAndSts"
    reason = f"{info}/StsRsnInf/Rsn"
    first = f"{info}/TxInfAndSts/StsRsnInf/Rsn"
    return PaymentReport(
        meta=_meta(root, text(root, f"{info}/OrgnlPmtInfId")),
        status=PaymentStatus(text(root, f"{info}/PmtInfSts") or ""),
        reference=text(root, f"{info}/TxInfAndSts/AcctSvcrRef"),
        reason=next(
            (
                found
                for path in (f"{reason}/Cd", f"{reason}/Prtry", f"{first}/Cd", f"{first}/Prtry")
                if (found := text(root, path))
            ),
            None,
        ),
        detail=text(root, f"{info}/StsRsnInf/AddtlInf"),
    )


def _meta(root: etree._Element, number: str | None) -> Meta:
    return parts.read_meta(
        text(root, "GrpHdr/MsgId"),
        text(root, "GrpHdr/CreDtTm"),
        text(root, "GrpHdr/InitgPty/Id/OrgId/Othr/Id"),
        number or "",
    )
