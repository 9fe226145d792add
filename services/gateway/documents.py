"""What the gateway remembers: which question to which bank an answer belongs to."""

from pydantic import Field

from libs.decisions import RecordType
from libs.messages.base import DocumentId, Model
from libs.messages.fields import Bank
from libs.messages.kinds.debit import MandateAction


class MandateExchange(Model):
    """One mandate request; its record's id is the request's message id."""

    bank: Bank = Field(title="银行")
    action: MandateAction = Field(title="授权操作")
    agreement_id: DocumentId = Field(title="三方协议申请号")
    answer: str | None = Field(default=None, title="答复")


class CollectionExchange(Model):
    """One collection; its record's id is the payment's."""

    bank: Bank = Field(title="银行")
    answer: str | None = Field(default=None, title="答复")


MANDATES = RecordType("mandate-exchange", MandateExchange)
COLLECTIONS = RecordType("collection-exchange", CollectionExchange)
