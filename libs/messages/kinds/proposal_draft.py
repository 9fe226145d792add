"""A saved proposal (暂存): the groups of the form with whatever is filled in so far.

Who insures what with whom must stand, because it decides whose draft this is; each other field may
be missing. A field that is filled in must already be right by itself; rules between fields wait
for the submission. The parts of the whole form (proposal_form.py) are these, with less optional.
"""

from pydantic import Field

from libs.messages.base import Model, Sha256
from libs.messages.fields import (
    C50,
    C60,
    C100,
    C200,
    C500,
    AccountNumber,
    AddedCover,
    AttachmentKind,
    Country,
    Currency,
    Email,
    GoodsCondition,
    HsChapter,
    HsSection,
    IdKind,
    IdNumber,
    Insurer,
    InvoiceKind,
    LoadMode,
    MainCover,
    MediaType,
    Money,
    Package,
    PartnerNumber,
    Percent,
    PerMille,
    Phone,
    PositiveMoney,
    Province,
    TaxNumber,
    Transport,
    UnLocode,
    Uscc,
)
from libs.messages.kinds.agreement import SpecialTerm, agreement_id
from libs.messages.scalars import Count, Day, Flag

FILE_BYTES_MAX = 4 * 1024 * 1024


class HolderDraft(Model):
    """A. 投保公司信息."""

    name: C100 = Field(title="企业名称")
    uscc: Uscc = Field(title="统一社会编码")
    contact: C50 | None = Field(default=None, title="联系人")
    phone: Phone | None = Field(default=None, title="联系电话")
    email: Email | None = Field(default=None, title="邮箱")
    address: C200 | None = Field(default=None, title="地址")
    insurer: Insurer = Field(title="保险机构")
    agreement_no: PartnerNumber = Field(title="货运险协议编号")

    @property
    def agreement_id(self) -> str:
        """The document id of the agreement named here."""
        return agreement_id(self.insurer, self.agreement_no)


class InsuredDraft(Model):
    """B. 被投保公司信息."""

    name: C100 | None = Field(default=None, title="被保险人名称")
    domestic: Flag | None = Field(default=None, title="是否境内")
    id_kind: IdKind | None = Field(default=None, title="证件类型")
    id_number: IdNumber | None = Field(default=None, title="证件号码")
    contact: C50 | None = Field(default=None, title="联系人")
    phone: Phone | None = Field(default=None, title="联系电话")
    country: Country | None = Field(default=None, title="国家/地区")
    province: Province | None = Field(default=None, title="省份")
    city: C50 | None = Field(default=None, title="城市")
    address: C200 | None = Field(default=None, title="详细地址")


class GoodsDraft(Model):
    """C. 货物信息."""

    section: HsSection | None = Field(default=None, title="货物大类")
    chapter: HsChapter | None = Field(default=None, title="货物细类")
    pack_type: Package | None = Field(default=None, title="货物包装")
    condition: GoodsCondition | None = Field(default=None, title="新旧")
    description: C500 | None = Field(default=None, title="货物标的描述信息:包装及件数/重量")
    marks: C500 | None = Field(default=None, title="标记/唛头")


class InvoiceDraft(Model):
    """D. 发票信息."""

    kind: InvoiceKind | None = Field(default=None, title="发票类型")
    title: C100 | None = Field(default=None, title="发票抬头")
    tax_no: TaxNumber | None = Field(default=None, title="企业税号")
    address: C200 | None = Field(default=None, title="企业地址")
    bank: C100 | None = Field(default=None, title="开户银行")
    account: AccountNumber | None = Field(default=None, title="银行账号")
    email: Email | None = Field(default=None, title="联系人邮箱")
    phone: Phone | None = Field(default=None, title="联系人电话")


class TransportDraft(Model):
    """E. 运输信息. The transport mode is an own proposal: rules of the manual depend on it."""

    mode: Transport | None = Field(default=None, title="运输方式")
    invoice_no: C50 | None = Field(default=None, title="发票号")
    bl_no: C50 | None = Field(default=None, title="提单/运单号")
    voyage_no: C50 | None = Field(default=None, title="航次/航班/车次/车牌号")
    vessel_name: C60 | None = Field(default=None, title="船舶名称")
    load_mode: LoadMode | None = Field(default=None, title="运载方式")
    bulk: Flag | None = Field(default=None, title="是否大宗散装运输")
    depart_date: Day | None = Field(default=None, title="起运日期")
    arrive_date: Day | None = Field(default=None, title="预计抵达日期")
    from_country: Country | None = Field(default=None, title="起运地国家/地区")
    from_province: Province | None = Field(default=None, title="起运地省份")
    from_city: C50 | None = Field(default=None, title="起运地城市")
    from_port: UnLocode | None = Field(default=None, title="起运港名称")
    from_port_desc: C100 | None = Field(default=None, title="起运港描述")
    to_country: Country | None = Field(default=None, title="目的地国家/地区")
    to_province: Province | None = Field(default=None, title="目的地省份")
    to_city: C50 | None = Field(default=None, title="目的地城市")
    to_port: UnLocode | None = Field(default=None, title="目的港名称")
    to_port_desc: C100 | None = Field(default=None, title="目的地描述")
    via_desc: C100 | None = Field(default=None, title="途径港描述")
    lc_used: Flag | None = Field(default=None, title="是否使用信用证")
    lc_no: C50 | None = Field(default=None, title="信用证号码")
    claim_payable_place: C100 | None = Field(default=None, title="赔款偿付地点")


class InsuranceDraft(Model):
    """F. 保险信息."""

    main_cover: MainCover | None = Field(default=None, title="主险")
    added_covers: tuple[AddedCover, ...] = Field(default=(), title="附加险", max_length=13)
    invoice_amount: PositiveMoney | None = Field(default=None, title="发票金额")
    currency: Currency | None = Field(default=None, title="币种")
    markup: Percent | None = Field(default=None, title="加成比例(%)")
    sum_insured: PositiveMoney | None = Field(default=None, title="保险金额")
    rate: PerMille | None = Field(default=None, title="保险费率(‰)")
    premium: Money | None = Field(default=None, title="保费", description="保费仅供参考")


class Attachment(Model):
    """H. 附件信息: a file in the object store, named by its digest."""

    kind: AttachmentKind = Field(title="附件类型")
    name: C100 = Field(title="文件名")
    media_type: MediaType = Field(title="文件格式")
    size: Count = Field(title="文件大小(字节)", gt=0, le=FILE_BYTES_MAX)
    sha256: Sha256 = Field(title="文件摘要")


class CargoProposalDraft(Model):
    """A saved form."""

    holder: HolderDraft = Field(title="投保公司信息")
    insured: InsuredDraft | None = Field(default=None, title="被投保公司信息")
    goods: GoodsDraft | None = Field(default=None, title="货物信息")
    invoice: InvoiceDraft | None = Field(default=None, title="发票信息")
    transport: TransportDraft | None = Field(default=None, title="运输信息")
    insurance: InsuranceDraft | None = Field(default=None, title="保险信息")
    special_terms: tuple[SpecialTerm, ...] = Field(default=(), title="特殊约定信息", max_length=50)
    attachments: tuple[Attachment, ...] = Field(default=(), title="附件信息", max_length=20)
