"""Answers of banks, read from XML that its schema allows: one function a message type."""

from collections.abc import Iterator
from decimal import Decimal

from lxml import etree

from libs.messages.errors import FieldError, Malformed
from services.gateway.iso20022.models import MandateReport, RowStatus, Status, StatusReport
from services.gateway.iso20022.parts import read_meta
from services.gateway.iso20022.xml import every, first

_DETAILS = "UndrlygAccptncDtls"
_MANDATE = f"{_DETAILS}/OrgnlMndt/OrgnlMndt"
_RESULT = f"{_DETAILS}/AccptncRslt"
_GROUP = "OrgnlGrpInfAndSts"
_PAYMENT = "OrgnlPmtInfAndSts"
_ROW = f"{_PAYMENT}/TxInfAndSts"


def mandate_report(root: etree._Element) -> MandateReport:
    """pain.012: one mandate a report. Raises Malformed."""
    body = _one(root[0], _DETAILS)
    by_id = first(body, f"{_DETAILS}/OrgnlMndt/OrgnlMndtId")
    original = first(body, f"{_DETAILS}/OrgnlMsgInf/MsgId")
    if original is None:
        raise _missing(f"{_DETAILS}/OrgnlMsgInf/MsgId")
    return MandateReport(
        meta=read_meta(body, first(body, f"{_MANDATE}/MndtReqId") or by_id, original),
        original_id=original,
        accepted=first(body, f"{_RESULT}/Accptd") in ("true", "1"),
        mandate_id=first(body, f"{_MANDATE}/MndtId") or by_id,
        reason=first(body, f"{_RESULT}/RjctRsn/Cd", f"{_RESULT}/RjctRsn/Prtry"),
        detail=_sentences(body, f"{_RESULT}/AddtlRjctRsnInf"),
    )


def status_report(root: etree._Element) -> StatusReport:
    """pain.002: one collection, or one mandate request, a report. Raises Malformed."""
    body = _one(root[0], _PAYMENT)
    status = first(body, f"{_PAYMENT}/PmtInfSts", f"{_GROUP}/GrpSts")
    if status is None:
        raise _missing(f"{_PAYMENT}/PmtInfSts")
    total = first(body, f"{_PAYMENT}/OrgnlCtrlSum")
    return StatusReport(
        meta=read_meta(body, first(body, f"{_PAYMENT}/OrgnlPmtInfId")),
        original_id=first(body, f"{_GROUP}/OrgnlMsgId") or "",
        original_name=first(body, f"{_GROUP}/OrgnlMsgNmId") or "",
        status=Status(status),
        control_sum=Decimal(total) if total else None,
        rows=tuple(_rows(body)),
        reference=first(body, f"{_ROW}/AcctSvcrRef"),
        reason=first(body, *_reasons("Cd"), *_reasons("Prtry")),
        detail=next(
            filter(None, (_sentences(body, f"{p}/StsRsnInf/AddtlInf") for p in _PLACES)), None
        ),
    )


_PLACES = (_PAYMENT, _ROW, _GROUP)


def _reasons(form: str) -> Iterator[str]:
    return (f"{place}/StsRsnInf/Rsn/{form}" for place in _PLACES)


def _rows(body: etree._Element) -> Iterator[RowStatus]:
    for row in every(body, _ROW):
        number, status = first(row, "OrgnlEndToEndId"), first(row, "TxSts")
        if number is None or status is None:
            raise _missing(f"{_ROW}/{'TxSts' if number else 'OrgnlEndToEndId'}")
        yield RowStatus(proposal_id=number, status=Status(status))


def _sentences(body: etree._Element, path: str) -> str | None:
    return "".join(found.text or "" for found in every(body, path)).strip() or None


def _one(body: etree._Element, path: str) -> etree._Element:
    """The message, when it is about one thing: its head names only one document."""
    if (count := len(every(body, path))) != 1:
        raise Malformed("FIELDS", errors=[FieldError(path, path, f"出现 {count} 次", "一次")])
    return body


def _missing(path: str) -> Malformed:
    return Malformed("FIELDS", errors=[FieldError(path, path, "必填项未填写")])
