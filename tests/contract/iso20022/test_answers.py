"""Answers that a bank should not send: each is refused with its reason, none is half read."""

from collections.abc import Callable
from uuid import UUID

import pytest

from libs.messages.errors import Malformed
from libs.messages.partners import XML
from services.gateway.iso20022.kinds import BANK_KINDS
from services.gateway.iso20022.models import MandateReport, RowStatus, Status, StatusReport

PAYMENT_ANSWER, MANDATE_ANSWER = "pain.002.001.08", "pain.012.001.05"
MESSAGE_ID = "0123456789abcdef0123456789abcdef"
ORIGINAL = "fedcba9876543210fedcba9876543210"

HEADER = (
    f"<GrpHdr><MsgId>{MESSAGE_ID}</MsgId><CreDtTm>2026-11-23T16:00:00+08:00</CreDtTm>"
    "<InitgPty><Id><OrgId><Othr><Id>ICBC</Id></Othr></OrgId></Id></InitgPty></GrpHdr>"
)
GROUP = (
    f"<OrgnlGrpInfAndSts><OrgnlMsgId>{ORIGINAL}</OrgnlMsgId>"
    "<OrgnlMsgNmId>pain.008.001.07</OrgnlMsgNmId></OrgnlGrpInfAndSts>"
)
ROW = (
    "<TxInfAndSts><OrgnlEndToEndId>TB1</OrgnlEndToEndId><TxSts>ACSC</TxSts>"
    "<AcctSvcrRef>REF1</AcctSvcrRef></TxInfAndSts>"
)
PAYMENT = (
    "<OrgnlPmtInfAndSts><OrgnlPmtInfId>JF1</OrgnlPmtInfId><OrgnlCtrlSum>55</OrgnlCtrlSum>"
    f"<PmtInfSts>ACSC</PmtInfSts>{ROW}</OrgnlPmtInfAndSts>"
)
PARTY = "<Cdtr/><Dbtr/><DbtrAgt><FinInstnId/></DbtrAgt>"
MANDATE = (
    "<UndrlygAccptncDtls>"
    f"<OrgnlMsgInf><MsgId>{ORIGINAL}</MsgId><MsgNmId>pain.009.001.05</MsgNmId></OrgnlMsgInf>"
    "<AccptncRslt><Accptd>true</Accptd></AccptncRslt>"
    "<OrgnlMndt><OrgnlMndt><MndtId>MD1</MndtId><MndtReqId>SQ1</MndtReqId>"
    f"<TrckgInd>false</TrckgInd>{PARTY}</OrgnlMndt></OrgnlMndt></UndrlygAccptncDtls>"
)


def document(name: str, body: str) -> bytes:
    space = f"urn:iso:std:iso:20022:tech:xsd:{name}"
    return f'<Document xmlns="{space}">{body}</Document>'.encode()


def payment_answer(body: str = HEADER + GROUP + PAYMENT) -> bytes:
    return document(PAYMENT_ANSWER, f"<CstmrPmtStsRpt>{body}</CstmrPmtStsRpt>")


def mandate_answer(body: str = HEADER + MANDATE) -> bytes:
    return document(MANDATE_ANSWER, f"<MndtAccptncRpt>{body}</MndtAccptncRpt>")


def read(name: str, data: bytes) -> object:
    return BANK_KINDS[f"iso20022.{name}"].codec.decode(data, XML)


def test_a_status_report_is_read() -> None:
    report = read(PAYMENT_ANSWER, payment_answer())
    assert isinstance(report, StatusReport)
    assert (report.meta.message_id, report.meta.document_id) == (UUID(MESSAGE_ID), "JF1")
    assert (report.meta.sender, report.status) == ("ICBC", Status.SETTLED)
    assert report.rows == (RowStatus(proposal_id="TB1", status=Status.SETTLED),)
    assert (report.original_id, report.reference) == (ORIGINAL, "REF1")


def test_a_mandate_report_is_read() -> None:
    report = read(MANDATE_ANSWER, mandate_answer())
    assert isinstance(report, MandateReport)
    assert (report.meta.document_id, report.meta.in_reply_to) == ("SQ1", UUID(ORIGINAL))
    assert (report.accepted, report.mandate_id) == (True, "MD1")


def test_reasons_may_stand_at_the_payment_the_row_or_the_group() -> None:
    why = "<StsRsnInf><Rsn><Cd>AM04</Cd></Rsn><AddtlInf>余额不足</AddtlInf></StsRsnInf>"
    sts = "<PmtInfSts>RJCT</PmtInfSts>"
    refused = PAYMENT.replace("<PmtInfSts>ACSC</PmtInfSts>", sts).replace("ACSC", "RJCT")
    for body in (
        GROUP + refused.replace(sts, sts + why),
        GROUP + refused.replace("</TxSts>", "</TxSts>" + why),
        GROUP.replace("</OrgnlGrp", why + "</OrgnlGrp") + refused,
    ):
        report = read(PAYMENT_ANSWER, payment_answer(HEADER + body))
        assert isinstance(report, StatusReport)
        assert (report.reason, report.detail) == ("AM04", "余额不足")


def test_a_long_reason_is_read_whole() -> None:
    refusal = (
        "<Accptd>false</Accptd><RjctRsn><Cd>BE01</Cd></RjctRsn>"
        f"<AddtlRjctRsnInf>{'甲' * 105}</AddtlRjctRsnInf><AddtlRjctRsnInf>乙</AddtlRjctRsnInf>"
    )
    body = mandate_answer(HEADER + MANDATE.replace("<Accptd>true</Accptd>", refusal))
    report = read(MANDATE_ANSWER, body)
    assert isinstance(report, MandateReport)
    assert report.detail == "甲" * 105 + "乙"


Change = Callable[[bytes], bytes]


def swap(old: str, new: str) -> Change:
    def change(data: bytes) -> bytes:
        assert old.encode() in data
        return data.replace(old.encode(), new.encode())

    return change


@pytest.mark.parametrize(
    ("change", "reason", "told"),
    [
        (lambda _: b"\x00\xff garbage", "SYNTAX", ""),
        (lambda _: b"", "SYNTAX", ""),
        (lambda _: b"{}", "SYNTAX", ""),
        (lambda data: b"<!DOCTYPE a>" + data, "DTD", ""),
        (lambda data: data + b" " * (1024 * 1024), "TOO_LARGE", ""),
        (lambda _: b"<a>" * 10_000 + b"</a>" * 10_000, "TOO_DEEP", ""),
        (swap("pain.002.001.08", "pain.002.001.03"), "WRONG_KIND", "pain.002.001.08"),
        (swap("CstmrPmtStsRpt", "Cstmr"), "FIELDS", "CstmrPmtStsRpt"),
        (swap("<OrgnlMsgNmId>pain.008.001.07</OrgnlMsgNmId>", ""), "FIELDS", "OrgnlMsgNmId"),
        (swap("<PmtInfSts>ACSC</PmtInfSts>", ""), "FIELDS", "PmtInfSts"),
        (swap("ACSC", "ACWC"), "FIELDS", "ACWC"),
        (swap(PAYMENT, PAYMENT + PAYMENT), "FIELDS", "OrgnlPmtInfAndSts"),
        (swap(PAYMENT, ""), "FIELDS", "OrgnlPmtInfAndSts"),
        (swap("<TxSts>ACSC</TxSts>", ""), "FIELDS", "TxSts"),
        (swap(MESSAGE_ID, "MSG-1"), "FIELDS", "MSG-1"),
        (swap("+08:00", ""), "FIELDS", "CreDtTm"),
        (swap("<Id>ICBC</Id>", "<Id>I</Id>"), "FIELDS", ""),
        (swap("<OrgnlPmtInfId>JF1", "<OrgnlPmtInfId>J F"), "FIELDS", ""),
        (swap("<OrgnlCtrlSum>55", "<OrgnlCtrlSum>lots"), "FIELDS", "OrgnlCtrlSum"),
    ],
)
def test_a_wrong_status_report_is_refused(change: Change, reason: str, told: str) -> None:
    with pytest.raises(Malformed) as refusal:
        read(PAYMENT_ANSWER, change(payment_answer()))
    assert refusal.value.reason == reason
    assert told in refusal.value.detail


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (swap(MANDATE, MANDATE + MANDATE), "UndrlygAccptncDtls"),
        (swap(f"<MsgId>{ORIGINAL}</MsgId>", "<MsgId>M1</MsgId>"), "M1"),
        (
            swap(f"<OrgnlMsgInf><MsgId>{ORIGINAL}</MsgId><MsgNmId>pain.009.001.05</MsgNmId>"
                 "</OrgnlMsgInf>", ""),
            "OrgnlMsgInf",
        ),
        (swap("<Accptd>true</Accptd>", ""), "Accptd"),
        (swap("<MndtReqId>SQ1</MndtReqId>", ""), "MndtReqId"),
    ],
)  # fmt: skip
def test_a_wrong_mandate_report_is_refused(change: Change, told: str) -> None:
    with pytest.raises(Malformed) as refusal:
        read(MANDATE_ANSWER, change(mandate_answer()))
    assert refusal.value.reason == "FIELDS"
    assert told in refusal.value.detail


def test_all_that_is_wrong_is_told_at_once() -> None:
    body = HEADER.replace(MESSAGE_ID, "x" * 36) + GROUP.replace("OrgnlMsgId", "Orgnl") + PAYMENT
    with pytest.raises(Malformed) as refusal:
        read(PAYMENT_ANSWER, payment_answer(body))
    assert len(refusal.value.errors) > 1


def test_banks_send_no_requests() -> None:
    with pytest.raises(Malformed, match="WRONG_KIND"):
        read("pain.008.001.07", b"<Document/>")


def test_answers_are_xml() -> None:
    codec = BANK_KINDS[f"iso20022.{PAYMENT_ANSWER}"].codec
    with pytest.raises(Malformed, match="HEADERS"):
        codec.decode(payment_answer(), "application/json")
