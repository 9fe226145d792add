"""What travels between the gateway and banks, as values.

The head (`meta`) of each is its group header: MsgId is the message id as 32 hexadecimal digits,
InitgPty the sender, and the document id the business id inside (MndtReqId, PmtInfId). An
answer's head says which MsgId it answers.
"""

from decimal import Decimal
from enum import StrEnum

from pydantic import Field

from libs.messages.base import Message, Model
from libs.messages.fields import C35, C500, C2000, Bank, PositiveMoney, Uscc
from libs.messages.kinds.debit import DebitAgreementForm
from libs.messages.kinds.payment import Items, Party


class MandateInitiation(Message):
    """pain.009: have this mandate."""

    form: DebitAgreementForm = Field(title="三方协议")


class MandateAmendment(Message):
    """pain.010: have this mandate in place of the one refused."""

    form: DebitAgreementForm = Field(title="三方协议")


class MandateCancellation(Message):
    """pain.011: end this mandate."""

    mandate_id: C35 = Field(title="协议编号")
    form: DebitAgreementForm = Field(title="三方协议")
    reason: C500 = Field(title="解约原因")


class MandateReport(Message):
    """pain.012: what the bank says of a mandate request."""

    original_id: str = Field(title="原报文编号", pattern=r"^[0-9a-f]{32}$")
    accepted: bool = Field(title="是否接受")
    mandate_id: C35 | None = Field(default=None, title="协议编号")
    reason: C35 | None = Field(default=None, title="原因代码")
    detail: C2000 | None = Field(default=None, title="原因")


class DirectDebit(Message):
    """pain.008: collect these amounts by a mandate, all or nothing."""

    mandate_id: C35 = Field(title="协议编号")
    debtor: Party = Field(title="付款人")
    debtor_uscc: Uscc = Field(title="统一社会信用代码")
    creditor: Party = Field(title="收款人")
    creditor_code: C35 = Field(title="收款企业")
    bank: Bank = Field(title="银行")
    items: Items = Field(title="支付保单信息")
    total: PositiveMoney = Field(title="合计金额")


class StatusRequest(Message):
    """What became of the collection that the head names? It never collects."""


class Status(StrEnum):
    """Statuses of pain.002 that we understand."""

    RECEIVED = "RCVD"
    TECHNICALLY_ACCEPTED = "ACTC"
    ACCEPTED_PROFILE = "ACCP"
    PENDING = "PDNG"
    IN_PROCESS = "ACSP"
    SETTLED = "ACSC"
    REJECTED = "RJCT"
    PARTLY = "PART"


class RowStatus(Model):
    """What a pain.002 says of one transaction."""

    proposal_id: C35 = Field(title="投保单号")
    status: Status = Field(title="状态")


class StatusReport(Message):
    """pain.002: what became of a collection, or that a mandate request arrived."""

    original_id: C35 = Field(title="原报文编号")
    original_name: C35 = Field(title="原报文类型")
    status: Status = Field(title="状态")
    control_sum: Decimal | None = Field(default=None, title="合计金额")
    rows: tuple[RowStatus, ...] = Field(default=(), title="明细")
    reference: C35 | None = Field(default=None, title="银行流水号")
    reason: C35 | None = Field(default=None, title="原因代码")
    detail: C2000 | None = Field(default=None, title="原因")
