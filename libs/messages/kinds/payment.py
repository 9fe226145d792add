"""在线交费: collections of premiums, of one or many proposals. Source: manual 5.2.3, 5.4."""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum

from pydantic import Field

from libs.messages.base import DocumentChanged, DocumentId, Message, Model, Ruled
from libs.messages.errors import FieldError
from libs.messages.fields import (
    C50,
    C60,
    C100,
    C2000,
    AccountNumber,
    Bank,
    CnapsNumber,
    Insurer,
    PositiveMoney,
    Uscc,
)
from libs.messages.scalars import Count

ITEMS_MAX = 200


class PaymentItem(Model):
    """One proposal of a payment."""

    proposal_id: DocumentId = Field(title="投保单号")
    amount: PositiveMoney = Field(title="保费(元)")


Items = tuple[PaymentItem, ...]


def items_rules(value: Model, items: Items, total: Decimal) -> Iterator[FieldError]:
    """No proposal twice; the total is the sum of the rows."""
    if len({item.proposal_id for item in items}) != len(items):
        yield value.wrong("items", "同一投保单出现多次", "每张投保单只列一次")
    right = sum((item.amount for item in items), Decimal(0))
    if total != right:
        yield value.wrong("total", "不等于各投保单保费之和", f"{right:.2f}")


class PayPremium(Message, Ruled):
    """在线支付 (重新支付 is a new payment of the same proposals)."""

    agreement_id: DocumentId = Field(title="三方协议申请号")
    items: Items = Field(title="支付保单信息", min_length=1, max_length=ITEMS_MAX)
    total: PositiveMoney = Field(title="合计金额(元)")
    remark: C100 | None = Field(default=None, title="付款说明")

    def broken_rules(self) -> Iterator[FieldError]:
        """No proposal twice; the total is the sum of the rows."""
        return items_rules(self, self.items, self.total)


class Party(Model):
    """One side of a collection."""

    name: C100 = Field(title="户名")
    account: AccountNumber | None = Field(default=None, title="账号")
    bank_no: CnapsNumber | None = Field(default=None, title="开户行行号")


class CollectPremium(Message, Ruled):
    """请银行扣款 (pain.008); the head names the payment."""

    bank: Bank = Field(title="银行")
    agreement_no: C60 = Field(title="协议编号")
    debtor: Party = Field(title="付款人")
    debtor_uscc: Uscc = Field(title="统一社会信用代码")
    creditor: Party = Field(title="收款人")
    insurer: Insurer = Field(title="收款企业")
    items: Items = Field(title="支付保单信息", min_length=1, max_length=ITEMS_MAX)
    total: PositiveMoney = Field(title="合计金额(元)")

    def broken_rules(self) -> Iterator[FieldError]:
        """No proposal twice; the total is the sum of the rows."""
        return items_rules(self, self.items, self.total)


class QueryCollection(Message):
    """查询扣款结果; never collects."""

    bank: Bank = Field(title="银行")
    attempt: Count = Field(title="查询次数", ge=1)


class CollectionResult(StrEnum):
    """What became of a collection."""

    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    UNKNOWN = "unknown"


class CollectionReceipt(Message):
    """银行扣款答复 (from pain.002)."""

    bank: Bank = Field(title="银行")
    result: CollectionResult = Field(title="扣款结果")
    bank_reference: C60 | None = Field(default=None, title="银行流水号")
    reason_code: C50 | None = Field(default=None, title="原因代码")
    reason_text: C2000 | None = Field(default=None, title="原因")


class PaymentForm(Model):
    """交费记录: what is collected from whom for what."""

    agreement_id: DocumentId = Field(title="三方协议申请号")
    agreement_no: C60 = Field(title="协议编号")
    bank: Bank = Field(title="付款银行")
    insurer: Insurer = Field(title="收款企业")
    payer_name: C100 = Field(title="付款企业")
    payer_acct: AccountNumber = Field(title="付款账号")
    items: Items = Field(title="支付保单信息")
    total: PositiveMoney = Field(title="交费金额(元)")
    operator: C100 = Field(title="操作员")


class PaymentFacts(Model):
    """What became of a payment besides its form."""

    bank_reference: C60 | None = Field(default=None, title="银行流水号")
    failure: C2000 | None = Field(default=None, title="失败原因")
    queries: Count = Field(default=0, title="查询次数", ge=0)


class PaymentTry(Model):
    """Which try to pay a proposal this is: events of two payments may overtake each other."""

    proposal_id: DocumentId = Field(title="投保单号")
    attempt: Count = Field(title="支付次数", ge=1)


class PaymentChanged(DocumentChanged):
    """交费状态变更. `proposals` travel with each event: followers need no memory."""

    form: PaymentForm | None = Field(default=None, title="交费信息")
    facts: PaymentFacts = Field(title="办理信息")
    proposals: tuple[PaymentTry, ...] = Field(title="支付保单信息")
