"""三方协议: company, bank and insurer agree that premiums are debited. Source: manual 4.1."""

from enum import StrEnum

from pydantic import Field

from libs.messages.base import DocumentChanged, Message, Model
from libs.messages.fields import (
    C50,
    C60,
    C100,
    C200,
    C500,
    C2000,
    AccountNumber,
    Bank,
    CnapsNumber,
    Insurer,
    Phone,
    PositiveMoney,
    TaxNumber,
    Uscc,
)
from libs.messages.scalars import Count, Day, Flag


class DebitAgreementForm(Model):
    """The wizard's three pages; limits and validity are own proposals."""

    payer_bank_code: Bank = Field(title="付款银行名称")
    payee_id: Insurer = Field(title="收款企业名称")
    payee_acct: AccountNumber | None = Field(default=None, title="收款账号")
    payee_bank_no: CnapsNumber | None = Field(default=None, title="收款开户行")
    payer_name: C100 = Field(title="付款企业名称")
    payer_uscc: Uscc = Field(title="统一社会信用代码")
    payer_tax_no: TaxNumber = Field(title="企业税号")
    payer_acct: AccountNumber = Field(title="付款账号")
    payer_acct_name: C60 = Field(title="付款账户户名")
    payer_open_bank_no: CnapsNumber = Field(title="付款开户行行号")
    payer_clear_bank_no: CnapsNumber | None = Field(default=None, title="付款清算行行号")
    contact: C50 = Field(title="联系人")
    phone: Phone = Field(title="联系电话")
    address: C200 | None = Field(default=None, title="地址")
    max_per_tx: PositiveMoney | None = Field(default=None, title="单笔限额(元)")
    max_per_day: PositiveMoney | None = Field(default=None, title="日累计限额(元)")
    valid_to: Day | None = Field(default=None, title="协议有效期")
    terms_accepted: Flag = Field(title="我同意协议条款")


class SignDebitAgreement(Message):
    """三方协议签署; the same document id signed again is 重新签署."""

    form: DebitAgreementForm = Field(title="三方协议")


class CancelDebitAgreement(Message):
    """三方协议解约."""

    reason: C500 = Field(title="解约原因")


class MandateAction(StrEnum):
    """What a bank is asked to do with a mandate."""

    INITIATE = "initiate"
    AMEND = "amend"
    CANCEL = "cancel"


class RequestMandate(Message):
    """请银行登记或变更扣款授权 (pain.009, pain.010)."""

    bank: Bank = Field(title="银行")
    action: MandateAction = Field(title="授权操作")
    form: DebitAgreementForm = Field(title="三方协议")
    attempt: Count = Field(title="签署次数", ge=1)


class CancelMandate(Message):
    """请银行撤销扣款授权 (pain.011)."""

    bank: Bank = Field(title="银行")
    agreement_no: C60 = Field(title="协议编号")
    reason: C500 = Field(title="解约原因")


class MandateResult(StrEnum):
    """What became of a mandate request."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNDELIVERABLE = "undeliverable"


class MandateReceipt(Message):
    """银行对授权请求的答复 (from pain.012)."""

    bank: Bank = Field(title="银行")
    action: MandateAction = Field(title="授权操作")
    result: MandateResult = Field(title="办理结果")
    agreement_no: C60 | None = Field(default=None, title="协议编号")
    reason_code: C50 | None = Field(default=None, title="原因代码")
    reason_text: C2000 | None = Field(default=None, title="原因")


class DebitAgreementFacts(Model):
    """What became of an agreement besides its form."""

    bank: Bank = Field(title="银行")
    insurer: Insurer = Field(title="收款企业")
    agreement_no: C60 | None = Field(default=None, title="协议编号")
    attempt: Count = Field(default=1, title="签署次数", ge=1)


class DebitAgreementChanged(DocumentChanged):
    """三方协议状态变更."""

    form: DebitAgreementForm | None = Field(default=None, title="三方协议")
    facts: DebitAgreementFacts = Field(title="办理信息")
