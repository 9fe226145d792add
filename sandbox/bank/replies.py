"""What the bank answers, written as XML: pain.012 and pain.002."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from lxml import etree

from libs.messages.envelope import time_text
from sandbox.bank import schemas
from sandbox.bank.requests import Side
from sandbox.bank.rules import REASONS, SETTLED, Mandate, Result, RowResult
from sandbox.bank.schemas import MANDATE_REPLY, STATUS_REPLY

_CNAPS = "CNAPS"


class Builder:
    """Makes elements of one namespace."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._namespace = schemas.namespace(name)

    def __call__(self, tag: str, *content: etree._Element | str | None) -> etree._Element:
        """An element with text or children; None is left out."""
        made = etree.Element(f"{{{self._namespace}}}{tag}", nsmap={None: self._namespace})  # type: ignore[dict-item]
        for part in content:
            if isinstance(part, str):
                made.text = part
            elif part is not None:
                made.append(part)
        return made

    def document(self, *body: etree._Element) -> bytes:
        """The document's bytes. Raises Malformed when the schema would not allow it."""
        root = self("Document", *body)
        schemas.must_be_valid(self.name, root)
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def mandate_reply(
    message_id: UUID,
    at: datetime,
    bank: str,
    original: tuple[str, str],
    mandate: Mandate | str,
    fault: str,
) -> bytes:
    """pain.012 about the message `original` (id and name).

    `mandate` is the mandate asked for, or the number of one that is not known.
    """
    e = Builder(MANDATE_REPLY)
    if isinstance(mandate, str):
        about = e("OrgnlMndtId", mandate)
    else:
        about = _mandate(e, mandate, accepted=not fault)
    reason = e("RjctRsn", e("Cd", fault)) if fault else None
    text = e("AddtlRjctRsnInf", REASONS[fault]) if fault else None
    details = e(
        "UndrlygAccptncDtls",
        e("OrgnlMsgInf", e("MsgId", original[0]), e("MsgNmId", original[1])),
        e("AccptncRslt", e("Accptd", "false" if fault else "true"), reason, text),
        e("OrgnlMndt", about),
    )
    return e.document(e("MndtAccptncRpt", _header(e, message_id, at, bank), details))


def status_reply(
    message_id: UUID, at: datetime, bank: str, original: tuple[str, str], result: Result
) -> bytes:
    """pain.002 about the message `original` (id and name)."""
    e = Builder(STATUS_REPLY)
    group = e("OrgnlGrpInfAndSts", e("OrgnlMsgId", original[0]), e("OrgnlMsgNmId", original[1]))
    payment = e(
        "OrgnlPmtInfAndSts",
        e("OrgnlPmtInfId", result.payment_id),
        e("PmtInfSts", result.status),
        _reason(e, result.reason),
        *_rows(e, result),
    )
    return e.document(e("CstmrPmtStsRpt", _header(e, message_id, at, bank), group, payment))


def _rows(e: Builder, result: Result) -> Iterator[etree._Element]:
    for row in result.rows:
        yield e(
            "TxInfAndSts",
            e("OrgnlEndToEndId", row.id),
            e("TxSts", row.status),
            _reason(e, _row_reason(row, result)),
            e("AcctSvcrRef", row.reference) if row.reference else None,
        )


def _row_reason(row: RowResult, result: Result) -> str:
    return "" if row.status == SETTLED else result.reason


def _reason(e: Builder, code: str) -> etree._Element | None:
    if not code:
        return None
    return e("StsRsnInf", e("Rsn", e("Cd", code)), e("AddtlInf", REASONS[code]))


def _header(e: Builder, message_id: UUID, at: datetime, bank: str) -> etree._Element:
    return e(
        "GrpHdr",
        e("MsgId", message_id.hex),
        e("CreDtTm", time_text(at)),
        e("InitgPty", _org(e, bank)),
    )


def _mandate(e: Builder, mandate: Mandate, *, accepted: bool) -> etree._Element:
    return e(
        "OrgnlMndt",
        e("MndtId", mandate.id) if accepted else None,
        e("MndtReqId", mandate.request_id),
        e("TrckgInd", "false"),
        *_side(e, "Cdtr", mandate.creditor),
        *_side(e, "Dbtr", mandate.debtor),
    )


def _side(e: Builder, who: str, side: Side) -> Iterator[etree._Element]:
    yield e(who, e("Nm", side.name), _org(e, side.org) if side.org else None)
    if side.account:
        yield e(f"{who}Acct", e("Id", e("Othr", e("Id", side.account))))
    member = None
    if side.bank_no:
        system = e("ClrSysId", e("Cd", _CNAPS))
        member = e("ClrSysMmbId", system, e("MmbId", side.bank_no))
    yield e(f"{who}Agt", e("FinInstnId", member))


def _org(e: Builder, number: str) -> etree._Element:
    return e("Id", e("OrgId", e("Othr", e("Id", number))))
