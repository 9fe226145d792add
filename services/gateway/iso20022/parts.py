"""Parts that several ISO 20022 messages share."""

from datetime import datetime
from uuid import UUID

from libs.messages.base import Meta
from libs.messages.envelope import time_text
from libs.messages.errors import Malformed
from libs.messages.kinds.debit import DebitAgreementForm
from libs.messages.partners import PARTNERS
from services.gateway.iso20022.xml import Node

CNAPS = "CNAPS"
UNKNOWN = "NOTPROVIDED"  # ISO's word for a mandatory part that the parties do not use


def header(meta: Meta, *more: Node) -> Node:
    """GrpHdr."""
    return (
        "GrpHdr",
        [
            ("MsgId", meta.message_id.hex),
            ("CreDtTm", time_text(meta.created_at)),
            *more,
            ("InitgPty", [_organisation(meta.sender)]),
        ],
    )


def read_meta(message_id: str | None, created: str | None, sender: str | None, id: str) -> Meta:
    """The head that a group header and a business id make. Raises Malformed."""
    try:
        return Meta(
            message_id=UUID(message_id or ""),
            document_id=id,
            sender=sender or "",
            created_at=datetime.fromisoformat(created or ""),
        )
    except ValueError as error:
        raise Malformed("FIELDS", f"GrpHdr：{error}") from None


def party(tag: str, name: str, id: str | None) -> Node:
    """A party with its name and number."""
    return tag, [("Nm", name), *([_organisation(id)] if id else [])]


def _organisation(id: str) -> Node:
    return "Id", [("OrgId", [("Othr", [("Id", id)])])]


def account(tag: str, number: str | None, *, needed: bool = False) -> Node:
    """An account by its number."""
    if number is None and not needed:
        return tag, None
    return tag, [("Id", [("Othr", [("Id", number or UNKNOWN)])])]


def agent(tag: str, number: str | None) -> Node:
    """A bank by its CNAPS number."""
    member = [("ClrSysId", [("Cd", CNAPS)]), ("MmbId", number)] if number else None
    inside: list[Node] = [("ClrSysMmbId", member)] if member else [("Nm", UNKNOWN)]
    return tag, [("FinInstnId", inside)]


def mandate(request_id: str, form: DebitAgreementForm, mandate_id: str | None = None) -> Node:
    """Mndt, as pain.009 and pain.010 have it."""
    limit = f"{form.max_per_tx:.2f}" if form.max_per_tx else None
    last_day = form.valid_to.isoformat() if form.valid_to else None
    occurrences: list[Node] = [("SeqTp", "RCUR"), ("FnlColltnDt", last_day)]
    return (
        "Mndt",
        [
            ("MndtId", mandate_id),
            ("MndtReqId", request_id),
            ("Ocrncs", occurrences),
            ("TrckgInd", "false"),
            ("MaxAmt@CNY", limit),
            party("Cdtr", PARTNERS[form.payee_id].name, form.payee_id),
            account("CdtrAcct", form.payee_acct),
            party("Dbtr", form.payer_acct_name, form.payer_uscc),
            account("DbtrAcct", form.payer_acct),
            agent("DbtrAgt", form.payer_open_bank_no),
        ],
    )
