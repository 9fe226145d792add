"""Messages of a cargo proposal and its policy. Source: user manual 5.2, domain 4.3 and 10."""

from enum import StrEnum

from pydantic import Field

from libs.messages.base import DocumentChanged, DocumentId, Message, Model, Status
from libs.messages.fields import (
    C50,
    C60,
    C100,
    C200,
    C500,
    C2000,
    AddedCover,
    Currency,
    ExchangeRate,
    Insurer,
    MainCover,
    Money,
    PartnerNumber,
    PerMille,
    PositiveMoney,
    Uscc,
)
from libs.messages.kinds.proposal_draft import CargoProposalDraft
from libs.messages.kinds.proposal_form import CargoProposalForm
from libs.messages.scalars import Day, Timestamp


class SubmitCargoProposal(Message):
    """货运险投保 (INS121): a new proposal, or a changed one sent again."""

    form: CargoProposalForm = Field(title="投保单")


class SaveCargoProposal(Message):
    """货运险投保暂存."""

    draft: CargoProposalDraft = Field(title="投保单")


class DeleteCargoProposal(Message):
    """删除暂存的投保单."""


class WithdrawCargoProposal(Message):
    """货运险撤销 (INS123)."""

    reason: C500 = Field(title="撤销原因")


class UnderwritingResult(StrEnum):
    """What the insurer says of a proposal."""

    DATA_REJECTED = "data_rejected"
    DATA_ACCEPTED = "data_accepted"
    PENDING = "pending"
    MANUAL_REVIEW = "manual_review"
    NOT_PASSED = "not_passed"
    REFUSED = "refused"
    APPROVED = "approved"


class PremiumQuote(Model):
    """The insurer's reckoning; it wins over the form's reference figures."""

    sum_insured: PositiveMoney = Field(title="保险金额")
    currency: Currency = Field(title="币种")
    rate: PerMille = Field(title="保险费率(‰)")
    premium: PositiveMoney = Field(title="保费(元)")
    exchange_rate: ExchangeRate | None = Field(default=None, title="汇率")


class UnderwritingReceipt(Message):
    """投保回执 (INS122)."""

    result: UnderwritingResult = Field(title="核保结果")
    quote: PremiumQuote | None = Field(default=None, title="报价")
    reason_code: C50 | None = Field(default=None, title="原因代码")
    reason_text: C2000 | None = Field(default=None, title="原因")


class WithdrawalResult(StrEnum):
    """What the insurer says of a withdrawal."""

    WITHDRAWN = "withdrawn"
    REFUSED = "refused"


class WithdrawalReceipt(Message):
    """撤销回执 (INS124)."""

    result: WithdrawalResult = Field(title="撤销结果")
    reason_code: C50 | None = Field(default=None, title="原因代码")
    reason_text: C2000 | None = Field(default=None, title="原因")


class PremiumPaid(Message):
    """保费到账通知: tells the insurer that a proposal's premium was collected."""

    payment_id: DocumentId = Field(title="交费流水号")
    amount: PositiveMoney = Field(title="交费金额(元)")
    paid_at: Timestamp = Field(title="交费时间")
    bank_reference: C60 | None = Field(default=None, title="银行流水号")


class CargoPolicyForm(Model):
    """货运险保单: what the insurer covers, in words and figures."""

    policy_no: PartnerNumber = Field(title="保单号")
    insurer: Insurer = Field(title="保险机构")
    proposal_id: DocumentId = Field(title="投保单号")
    agreement_no: PartnerNumber = Field(title="货运险协议编号")
    holder: C100 = Field(title="投保人")
    holder_uscc: Uscc = Field(title="统一社会信用代码")
    insured: C100 = Field(title="被保险人")
    goods: C500 = Field(title="保险货物")
    packing: C100 = Field(title="包装")
    marks: C500 = Field(title="标记/唛头")
    conveyance: C200 = Field(title="运输工具")
    route: C500 = Field(title="运输路线")
    depart_date: Day = Field(title="起运日期")
    main_cover: MainCover = Field(title="主险")
    added_covers: tuple[AddedCover, ...] = Field(default=(), title="附加险")
    sum_insured: PositiveMoney = Field(title="保险金额")
    currency: Currency = Field(title="币种")
    rate: PerMille = Field(title="保险费率(‰)")
    premium: Money = Field(title="保费(元)")
    claim_payable_place: C100 = Field(title="赔款偿付地点")
    start_date: Day = Field(title="起保日期")
    issued_at: Timestamp = Field(title="出单时间")

    @property
    def document_id(self) -> str:
        """The policy's id in Tongbao: unique across insurers."""
        return f"{self.insurer}.{self.policy_no}"


class CargoPolicyIssued(Message):
    """货运险保单 (INS125); the head names the proposal."""

    policy: CargoPolicyForm = Field(title="保单")


class CargoProposalFacts(Model):
    """What became of a proposal besides its form."""

    insurer: Insurer = Field(title="保险机构")
    agreement_id: DocumentId = Field(title="协议编号")
    quote: PremiumQuote | None = Field(default=None, title="报价")
    payment_id: DocumentId | None = Field(default=None, title="交费流水号")
    policy_id: DocumentId | None = Field(default=None, title="保单号")
    before_withdrawal: Status | None = Field(default=None, title="撤销前状态")


class CargoProposalChanged(DocumentChanged):
    """货运险投保单状态变更."""

    form: CargoProposalForm | None = Field(default=None, title="投保单")
    draft: CargoProposalDraft | None = Field(default=None, title="暂存的投保单")
    facts: CargoProposalFacts = Field(title="办理信息")


class CargoPolicyChanged(DocumentChanged):
    """货运险保单状态变更."""

    form: CargoPolicyForm | None = Field(default=None, title="保单")
