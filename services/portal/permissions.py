"""Which card may see and do what (domain notes 2). Whatever is not in these tables is denied."""

from dataclasses import dataclass

from libs.lifecycle import Lifecycle
from libs.lifecycle.tables import LIFECYCLES
from libs.messages.kinds.booking import SubmitBooking
from libs.messages.kinds.debit import CancelDebitAgreement, SignDebitAgreement
from libs.messages.kinds.payment import PayPremium
from libs.messages.kinds.proposal import (
    DeleteCargoProposal,
    SaveCargoProposal,
    SubmitCargoProposal,
    WithdrawCargoProposal,
)
from libs.messages.parties import Role

# 法人卡: the tripartite agreements only; 操作员卡: the rest, and sees agreements to pay by them
READABLE: dict[Role, frozenset[str]] = {
    Role.LEGAL_PERSON: frozenset({"debit-agreement"}),
    Role.OPERATOR: frozenset(LIFECYCLES),
}

# where a message names its company: (path in the message, Chinese label)
COMPANY_FIELDS: dict[type, tuple[tuple[str, str], tuple[str, str]] | None] = {
    SubmitBooking: (("form.uscc", "统一社会信用代码"), ("form.ent_name", "企业名称")),
    SubmitCargoProposal: (("form.holder.uscc", "统一社会编码"), ("form.holder.name", "企业名称")),
    SaveCargoProposal: (("draft.holder.uscc", "统一社会编码"), ("draft.holder.name", "企业名称")),
    SignDebitAgreement: (
        ("form.payer_uscc", "统一社会信用代码"),
        ("form.payer_name", "付款企业名称"),
    ),
    DeleteCargoProposal: None,
    WithdrawCargoProposal: None,
    CancelDebitAgreement: None,
    PayPremium: None,
}


@dataclass(frozen=True, slots=True)
class Button:
    """Something that may be done now: its name, its label, the message kind to sign."""

    name: str
    label: str
    kind: str


# buttons that open another document: 投保 beside an agreement in force, 复制 beside a policy
_OPENERS: dict[tuple[str, str], Button] = {
    ("cargo-agreement", "1"): Button("insure", "投保", "SubmitCargoProposal"),
    ("cargo-policy", "50"): Button("copy", "复制", "SubmitCargoProposal"),
}


def buttons(document: str, status: str | None, role: Role) -> list[Button]:
    """What `role` may do to a document in `status` (None: to begin one)."""
    if document not in READABLE.get(role, frozenset()):
        return []
    found = [
        Button(action.name, action.zh, _kind(LIFECYCLES[document], status, action.name, role))
        for action in LIFECYCLES[document].actions(status, role)
    ]
    opener = _OPENERS.get((document, status)) if status and role is Role.OPERATOR else None
    return [*found, opener] if opener else found


def _kind(table: Lifecycle, status: str | None, action: str, role: Role) -> str:
    return next(
        row.kind
        for row in table.transitions
        if (row.frm.code if row.frm else None) == status
        and row.action.name == action
        and role in row.who
    )
