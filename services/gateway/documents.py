"""What the gateway remembers: which question to which bank an answer belongs to."""

from pydantic import Field

from libs.decisions import RecordType
from libs.messages.base import DocumentId, Model
from libs.messages.fields import C35, Bank, PositiveMoney
from libs.messages.kinds.debit import DebitAgreementForm, MandateAction, MandateResult
from libs.messages.kinds.payment import CollectionResult, Items

SIGNING = "sign"
CANCELLING = "cancel"
STEPS = {
    MandateAction.INITIATE: SIGNING,
    MandateAction.AMEND: SIGNING,
    MandateAction.CANCEL: CANCELLING,
}


class MandateExchange(Model):
    """One mandate request; its record's id is the request's message id in hexadecimal digits."""

    bank: Bank = Field(title="银行")
    action: MandateAction = Field(title="授权操作")
    agreement_id: DocumentId = Field(title="三方协议申请号")
    answer: MandateResult | None = Field(default=None, title="答复")
    agreement_no: C35 | None = Field(default=None, title="协议编号")


class MandateStep(Model):
    """The last request of one step of one agreement: only its answer counts.

    `form` is the agreement as it was put to the bank: a cancellation names the whole mandate.
    """

    request_id: str = Field(title="请求报文编号", pattern=r"^[0-9a-f]{32}$")
    form: DebitAgreementForm = Field(title="三方协议")


class CollectionExchange(Model):
    """One collection; its record's id is the payment's. `answer` is the last one told."""

    bank: Bank = Field(title="银行")
    items: Items = Field(title="支付保单信息")
    total: PositiveMoney = Field(title="合计金额")
    answer: CollectionResult | None = Field(default=None, title="答复")


MANDATES = RecordType("mandate-exchange", MandateExchange)
STEP_RECORDS = RecordType("mandate-step", MandateStep)
COLLECTIONS = RecordType("collection-exchange", CollectionExchange)

RECORDS = (MANDATES, STEP_RECORDS, COLLECTIONS)


def step_id(agreement_id: str, action: MandateAction) -> str:
    """The id of the step that a mandate request belongs to."""
    return f"{agreement_id}.{STEPS[action]}"
