"""Parts that several ISO 20022 messages share."""

import re
from datetime import datetime
from uuid import UUID

from lxml import etree

from libs.messages.base import Meta
from libs.messages.envelope import time_text
from libs.messages.errors import FieldError, Malformed
from libs.messages.kinds.debit import DebitAgreementForm
from libs.messages.partners import PARTNERS
from services.gateway.iso20022.xml import Node, first

CNAPS = "CNAPS"
UNKNOWN = "NOTPROVIDED"  # ISO's word for a mandatory part that the parties do not use
SUPPLEMENT = "urn:tongbao:bank:mandate-supplement:1"
TEXT_MAX = 105  # Max105Text
_HEX = re.compile("[0-9a-f]{32}")


def header(meta: Meta, *more: Node) -> Node:
    """GrpHdr."""
    return (
        "GrpHdr",
        [
            ("MsgId", meta.message_id.hex),
            ("CreDtTm", time_text(meta.created_at)),
            *more,
            ("InitgPty", [_organisation([("Id", meta.sender)])]),
        ],
    )


def read_meta(root: etree._Element, document_id: str | None, answered: str | None = None) -> Meta:
    """The head that a group header, a business id and the answered MsgId make.

    Raises Malformed that names what is missing or wrong.
    """
    texts = {
        "GrpHdr/MsgId": first(root, "GrpHdr/MsgId"),
        "GrpHdr/CreDtTm": first(root, "GrpHdr/CreDtTm"),
        "GrpHdr/InitgPty/Id/OrgId/Othr/Id": first(root, "GrpHdr/InitgPty/Id/OrgId/Othr/Id"),
        "MndtReqId | OrgnlMndtId | OrgnlPmtInfId": document_id,
    }
    if missing := [path for path, text in texts.items() if not text]:
        raise Malformed("FIELDS", errors=[FieldError(p, p, "必填项未填写") for p in missing])
    message_id, created, sender, document_id = (text or "" for text in texts.values())
    try:
        return Meta(
            message_id=_message_id(message_id),
            document_id=document_id,
            sender=sender,
            created_at=_instant(created),
            in_reply_to=_message_id(answered) if answered else None,
        )
    except ValueError as error:
        raise Malformed("FIELDS", f"GrpHdr：{error}") from None


def _message_id(text: str) -> UUID:
    if not _HEX.fullmatch(text):
        raise ValueError(f"MsgId {text[:40]!r}：应为 32 位小写十六进制数字（报文编号 UUID）")
    return UUID(text)


def _instant(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.utcoffset() is None:
        raise ValueError(f"CreDtTm {text} 缺少时区，例如 2026-11-23T08:00:00Z")
    return time


def party(tag: str, name: str, *ids: Node) -> Node:
    """A party with its name and numbers, as `uscc`, `tax_number` and `code` make them."""
    return tag, [("Nm", name), *([_organisation(*(content for _, content in ids))] if ids else [])]


def code(id: str) -> Node:
    """A partner's code, as a number of a party."""
    return "Othr", [("Id", id)]


def uscc(number: str) -> Node:
    """A company's 统一社会信用代码, as a number of a party."""
    return "Othr", [("Id", number), ("SchmeNm", [("Prtry", "USCC")])]


def tax_number(number: str) -> Node:
    """A company's tax number, as a number of a party."""
    return "Othr", [("Id", number), ("SchmeNm", [("Cd", "TXID")])]


def _organisation(*others: object) -> Node:
    return "Id", [("OrgId", [("Othr", other) for other in others])]


def account(
    tag: str, number: str | None, holder: str | None = None, *, needed: bool = False
) -> Node:
    """An account by its number; `needed` where the schema wants one and the parties have none."""
    if number is None and not needed:
        return tag, None
    return tag, [("Id", [("Othr", [("Id", number or UNKNOWN)])]), ("Nm", holder)]


def agent(tag: str, number: str | None) -> Node:
    """A bank by its CNAPS number."""
    member = [("ClrSysId", [("Cd", CNAPS)]), ("MmbId", number)] if number else None
    inside: list[Node] = [("ClrSysMmbId", member)] if member else [("Nm", UNKNOWN)]
    return tag, [("FinInstnId", inside)]


def sentences(tag: str, text: str) -> list[Node]:
    """A long text in as many elements as ISO wants."""
    return [(tag, text[at : at + TEXT_MAX]) for at in range(0, len(text), TEXT_MAX)]


def mandate(
    request_id: str, form: DebitAgreementForm, *, tag: str = "Mndt", mandate_id: str | None = None
) -> Node:
    """A mandate, as pain.009, pain.010 and pain.011 have it."""
    limit = f"{form.max_per_tx:.2f}" if form.max_per_tx else None
    last_day = form.valid_to.isoformat() if form.valid_to else None
    occurrences: list[Node] = [("SeqTp", "RCUR"), ("FnlColltnDt", last_day)]
    return (
        tag,
        [
            ("MndtId", mandate_id),
            ("MndtReqId", request_id),
            ("Ocrncs", occurrences),
            ("TrckgInd", "false"),
            ("MaxAmt@CNY", limit),
            party("Cdtr", PARTNERS[form.payee_id].name, code(form.payee_id)),
            account("CdtrAcct", form.payee_acct),
            party("Dbtr", form.payer_name, uscc(form.payer_uscc), tax_number(form.payer_tax_no)),
            account("DbtrAcct", form.payer_acct, form.payer_acct_name),
            agent("DbtrAgt", form.payer_open_bank_no),
        ],
    )


def supplement(form: DebitAgreementForm) -> Node:
    """SplmtryData of the message: the daily limit, which ISO's mandate has no place for."""
    if form.max_per_day is None:
        return "SplmtryData", None
    limit: Node = (f"{{{SUPPLEMENT}}}DailyLimit@CNY", f"{form.max_per_day:.2f}")
    return "SplmtryData", [("Envlp", [limit])]
