"""Examples of banks' messages for docs/integration: made by the gateway, or answered to it.

`python -m services.gateway.iso20022.examples FOLDER` writes them.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from lxml import etree

from libs.messages.base import Message, Meta
from libs.messages.kinds.payment import Party, PaymentItem
from libs.messages.partners import XML
from libs.messages.samples import ACCOUNT, COMPANY, ICBC_BANK_NO, USCC, a_debit_agreement
from services.gateway.iso20022.kinds import BANK_KINDS
from services.gateway.iso20022.models import (
    DirectDebit,
    MandateAmendment,
    MandateCancellation,
    MandateInitiation,
    StatusRequest,
)

AGREEMENT, PAYMENT = "SQ20261123K7Q2M9XD4P", "JF20261123B4N8R2T6WX"
PROPOSALS = ("TB20261123C5P9S3V7YZ", "TB20261123D6Q0T4W8ZA")
MANDATE_NO = "MD5D1F0A7C3B9E2468"
REFERENCE = "ICBC7E1B9C3D5F2A4860"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

_MANDATE_ANSWER = (
    "<UndrlygAccptncDtls><OrgnlMsgInf><MsgId>{mandate}</MsgId>"
    "<MsgNmId>pain.009.001.05</MsgNmId></OrgnlMsgInf>"
    "<AccptncRslt><Accptd>{accepted}</Accptd>{reason}</AccptncRslt>"
    "<OrgnlMndt><OrgnlMndt>{number}<MndtReqId>{agreement}</MndtReqId><TrckgInd>false</TrckgInd>"
    "<Cdtr><Nm>人保财险（沙箱）</Nm></Cdtr><Dbtr><Nm>{company}</Nm></Dbtr>"
    "<DbtrAgt><FinInstnId><ClrSysMmbId><ClrSysId><Cd>CNAPS</Cd></ClrSysId>"
    "<MmbId>{bank_no}</MmbId></ClrSysMmbId></FinInstnId></DbtrAgt>"
    "</OrgnlMndt></OrgnlMndt></UndrlygAccptncDtls>"
)
_PAYMENT_ANSWER = (
    "<OrgnlGrpInfAndSts><OrgnlMsgId>{collection}</OrgnlMsgId>"
    "<OrgnlMsgNmId>pain.008.001.07</OrgnlMsgNmId></OrgnlGrpInfAndSts>"
    "<OrgnlPmtInfAndSts><OrgnlPmtInfId>{payment}</OrgnlPmtInfId>"
    "<PmtInfSts>{status}</PmtInfSts>{reason}{rows}</OrgnlPmtInfAndSts>"
)
_ANSWERS = {
    "pain.012.001.05": ("MndtAccptncRpt", _MANDATE_ANSWER),
    "pain.002.001.08": ("CstmrPmtStsRpt", _PAYMENT_ANSWER),
}
_ACCEPTED = {"accepted": "true", "reason": "", "number": f"<MndtId>{MANDATE_NO}</MndtId>"}
_NOT_ACCEPTED = {
    "accepted": "false",
    "reason": "<RjctRsn><Cd>BE01</Cd></RjctRsn><AddtlRjctRsnInf>户名与账号不符</AddtlRjctRsnInf>",
    "number": "",
}
_REASON = "<StsRsnInf><Rsn><Cd>AM04</Cd></Rsn><AddtlInf>余额不足</AddtlInf></StsRsnInf>"


def examples() -> Iterator[tuple[str, bytes]]:
    """File name and content of each example."""
    yield from _requests()
    yield _answer("pain.012.001.05", "accepted", **_ACCEPTED)
    yield _answer("pain.012.001.05", "refused", **_NOT_ACCEPTED)
    yield _answer(
        "pain.002.001.08", "paid", status="ACSC", reason="", rows=_rows("ACSC", REFERENCE)
    )
    yield _answer("pain.002.001.08", "refused", status="RJCT", reason=_REASON, rows=_rows("RJCT"))


def _requests() -> Iterator[tuple[str, bytes]]:
    form = a_debit_agreement().model_copy(
        update={"max_per_day": Decimal("1000000.00"), "valid_to": date(2027, 11, 22)}
    )
    items = tuple(
        PaymentItem(proposal_id=number, amount=Decimal(amount))
        for number, amount in zip(PROPOSALS, ("66.00", "132.50"), strict=True)
    )
    yield _request("mandate", MandateInitiation(meta=_meta("mandate", AGREEMENT), form=form))
    yield _request("amendment", MandateAmendment(meta=_meta("amendment", AGREEMENT), form=form))
    yield _request(
        "cancellation",
        MandateCancellation(
            meta=_meta("cancellation", AGREEMENT),
            mandate_id=MANDATE_NO,
            form=form,
            reason="更换开户银行",
        ),
    )
    yield _request(
        "collection",
        DirectDebit(
            meta=_meta("collection", PAYMENT),
            mandate_id=MANDATE_NO,
            debtor=Party(name=COMPANY, account=ACCOUNT, bank_no=ICBC_BANK_NO),
            debtor_uscc=USCC,
            creditor=Party(name="人保财险（沙箱）"),
            creditor_code="PICC",
            bank="ICBC",
            items=items,
            total=sum((item.amount for item in items), Decimal(0)),
        ),
    )
    yield _request("question", StatusRequest(meta=_meta("question", PAYMENT)))


def _request(what: str, message: Message) -> tuple[str, bytes]:
    kind = next(row for row in BANK_KINDS.values() if row.model is type(message))
    return f"{kind.name}.{what}.xml", _indented(kind.codec.encode(message, XML))


def _answer(name: str, what: str, **parts: str) -> tuple[str, bytes]:
    root, body = _ANSWERS[name]
    text = body.format(
        mandate=_id("mandate"),
        collection=_id("collection"),
        agreement=AGREEMENT,
        payment=PAYMENT,
        company=COMPANY,
        bank_no=ICBC_BANK_NO,
        **parts,
    )
    header = (
        f"<GrpHdr><MsgId>{_id(f'{name}.{what}')}</MsgId><CreDtTm>2026-11-23T08:00:01Z</CreDtTm>"
        "<InitgPty><Id><OrgId><Othr><Id>ICBC</Id></Othr></OrgId></Id></InitgPty></GrpHdr>"
    )
    space = f"urn:iso:std:iso:20022:tech:xsd:{name}"
    document = f'<Document xmlns="{space}"><{root}>{header}{text}</{root}></Document>'
    return f"{name}.{what}.xml", _indented(document.encode())


def _rows(status: str, reference: str = "") -> str:
    told = f"<AcctSvcrRef>{reference}</AcctSvcrRef>" if reference else ""
    return "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{number}</OrgnlEndToEndId><TxSts>{status}</TxSts>{told}"
        "</TxInfAndSts>"
        for number in PROPOSALS
    )


def _meta(what: str, document_id: str) -> Meta:
    message_id = uuid5(NAMESPACE_URL, what)
    return Meta(message_id=message_id, document_id=document_id, sender="gateway", created_at=NOW)


def _id(what: str) -> str:
    return uuid5(NAMESPACE_URL, what).hex


def _indented(data: bytes) -> bytes:
    root = etree.fromstring(data)
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


def main(arguments: list[str]) -> int:
    """Write every example into a folder."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m services.gateway.iso20022.examples FOLDER\n")
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in examples():
        (folder / name).write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
