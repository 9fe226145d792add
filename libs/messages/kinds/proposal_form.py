"""货运险投保单: the eight groups of the proposal form. Source: user manual 5.2.1, domain 3.3."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from pydantic import Field

from libs.messages.base import Model
from libs.messages.codes import places, tables
from libs.messages.codes.hs import SECTIONS
from libs.messages.errors import FieldError
from libs.messages.fields import (
    C40,
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
    Insurer,
    InvoiceKind,
    LoadMode,
    MainCover,
    Money,
    Package,
    Percent,
    PerMille,
    Phone,
    PositiveMoney,
    Province,
    Sha256,
    TaxNumber,
    Transport,
    UnLocode,
    Uscc,
)
from libs.messages.kinds import amounts
from libs.messages.kinds.agreement import SpecialTerm, agreement_id


class HolderPart(Model):
    """A. 投保公司信息."""

    name: C100 = Field(title="企业名称")
    uscc: Uscc = Field(title="统一社会编码")
    contact: C50 = Field(title="联系人")
    phone: Phone = Field(title="联系电话")
    email: Email | None = Field(default=None, title="邮箱")
    address: C200 = Field(title="地址")
    insurer: Insurer = Field(title="保险机构")
    agreement_no: C40 = Field(title="货运险协议编号")

    @property
    def agreement_id(self) -> str:
        """The document id of the agreement named here."""
        return agreement_id(self.insurer, self.agreement_no)


class InsuredPart(Model):
    """B. 被投保公司信息."""

    name: C100 = Field(title="被保险人名称")
    domestic: bool = Field(default=True, title="是否境内")
    id_kind: IdKind = Field(title="证件类型")
    id_number: str | None = Field(
        default=None, title="证件号码", max_length=30, pattern=r"^[0-9A-Za-z-]+$"
    )
    contact: C50 | None = Field(default=None, title="联系人")
    phone: Phone | None = Field(default=None, title="联系电话")
    country: Country = Field(default="CN", title="国家/地区")
    address: C200 | None = Field(default=None, title="地址")

    def broken_rules(self) -> Iterator[FieldError]:
        """A domestic insured needs its number."""
        if self.domestic and not self.id_number:
            yield FieldError("idNumber", "证件号码", "必填项未填写", "境内被保险人须填写证件号码")


class GoodsPart(Model):
    """C. 货物信息."""

    section: HsSection = Field(title="货物大类")
    chapter: HsChapter = Field(title="货物细类")
    pack_type: Package = Field(title="货物包装")
    condition: GoodsCondition = Field(default="NEW", title="新旧")
    description: C500 = Field(title="货物标的描述信息:包装及件数/重量")
    marks: C500 = Field(default="N/M", title="标记/唛头")

    def broken_rules(self) -> Iterator[FieldError]:
        """The chapter belongs to the section."""
        name, ranges = SECTIONS[self.section]
        if not any(first <= int(self.chapter) <= last for first, last in ranges):
            right = "、".join(f"{first:02d}–{last:02d}" for first, last in ranges)
            yield FieldError("chapter", "货物细类", f"不属于货物大类“{name}”", right)


class InvoicePart(Model):
    """D. 发票信息."""

    kind: InvoiceKind = Field(default="ELECTRONIC", title="发票类型")
    title: C100 | None = Field(default=None, title="发票抬头")
    tax_no: TaxNumber = Field(title="企业税号")
    address: C200 | None = Field(default=None, title="企业地址")
    bank: C100 | None = Field(default=None, title="开户银行")
    account: AccountNumber | None = Field(default=None, title="银行账号")
    email: Email = Field(title="联系人邮箱")
    phone: Phone = Field(title="联系人电话")

    def broken_rules(self) -> Iterator[FieldError]:
        """A title unless no invoice is wanted; a special invoice needs address and account."""
        if self.kind != "NONE" and not self.title:
            yield FieldError("title", "发票抬头", "必填项未填写")
        if self.kind == "SPECIAL":
            for path, label in (
                ("address", "企业地址"),
                ("bank", "开户银行"),
                ("account", "银行账号"),
            ):
                if not getattr(self, path):
                    yield FieldError(path, label, "必填项未填写", "开具纸质专票须填写")


class TransportPart(Model):
    """E. 运输信息. The transport mode is an own proposal: rules of the manual depend on it."""

    mode: Transport = Field(default=tables.SEA, title="运输方式")
    invoice_no: C50 | None = Field(default=None, title="发票号")
    bl_no: C50 | None = Field(default=None, title="提单/运单号")
    voyage_no: C50 = Field(title="航次/航班/车次/车牌号")
    vessel_name: C60 | None = Field(default=None, title="船舶名称")
    load_mode: LoadMode = Field(default="FCL", title="运载方式")
    bulk: bool = Field(default=False, title="是否大宗散装运输")
    depart_date: date = Field(title="起运日期")
    arrive_date: date = Field(title="预计抵达日期")
    from_country: Country = Field(title="起运地国家/地区")
    from_province: Province | None = Field(default=None, title="起运地省份")
    from_city: C50 | None = Field(default=None, title="起运地城市")
    from_port: UnLocode = Field(title="起运港名称")
    from_port_desc: C100 = Field(title="起运港描述")
    to_country: Country = Field(title="目的地国家/地区")
    to_province: Province | None = Field(default=None, title="目的地省份")
    to_city: C50 | None = Field(default=None, title="目的地城市")
    to_port: UnLocode = Field(title="目的港名称")
    to_port_desc: C100 = Field(title="目的地描述")
    via_desc: C100 | None = Field(default=None, title="途径港描述")
    lc_used: bool = Field(default=False, title="是否使用信用证")
    lc_no: C50 | None = Field(default=None, title="信用证号码")
    claim_payable_place: C100 = Field(title="赔款偿付地点")

    def broken_rules(self) -> Iterator[FieldError]:
        """One of two numbers, dates in order, ports of their countries, what a mode needs."""
        if not self.invoice_no and not self.bl_no:
            yield FieldError("invoiceNo", "发票号", "和运单号码至少填一个")
            yield FieldError("blNo", "提单/运单号", "和发票号码至少填一个")
        if self.mode == tables.SEA and not self.vessel_name:
            yield FieldError("vesselName", "船舶名称", "必填项未填写", "水路运输须填写船舶名称")
        if self.arrive_date < self.depart_date:
            yield FieldError("arriveDate", "预计抵达日期", "早于起运日期", "不早于起运日期")
        if self.from_port == self.to_port:
            yield FieldError("toPort", "目的港名称", "与起运港相同")
        if self.lc_used and not self.lc_no:
            yield FieldError("lcNo", "信用证号码", "必填项未填写", "使用信用证时须填写")
        yield from self._place("from", "起运地", self.from_country, self.from_port)
        yield from self._place("to", "目的地", self.to_country, self.to_port)

    def _place(self, side: str, name: str, country: str, port: str) -> Iterator[FieldError]:
        harbour = "起运港名称" if side == "from" else "目的港名称"
        if self.mode == tables.SEA and port not in places.PORT.rows:
            yield FieldError(
                f"{side}Port", harbour, f"港口中没有代码“{port}”", "UN/LOCODE，例如 CNSHA"
            )
        if places.country_of_port(port) != country:
            yield FieldError(
                f"{side}Port", harbour, f"不是{name}国家/地区的港口", f"{country} 的港口"
            )
        if country != places.CHINA and getattr(self, f"{side}_province"):
            yield FieldError(f"{side}Province", f"{name}省份", "仅适用于中国", "不填写")


class InsurancePart(Model):
    """F. 保险信息. Amounts are checked against the formula; the insurer's premium wins."""

    main_cover: MainCover = Field(title="主险")
    added_covers: tuple[AddedCover, ...] = Field(default=(), title="附加险", max_length=13)
    invoice_amount: PositiveMoney = Field(title="发票金额")
    currency: Currency = Field(default="CNY", title="币种")
    markup: Percent = Field(default=Decimal(10), title="加成比例(%)")
    sum_insured: PositiveMoney = Field(title="保险金额")
    rate: PerMille = Field(title="保险费率(‰)")
    premium: Money = Field(title="保费", description="保费仅供参考")

    def broken_rules(self) -> Iterator[FieldError]:
        """The sum fits the formula; covers fit each other (domain 6.1)."""
        right = amounts.sum_insured(self.invoice_amount, self.markup)
        if self.sum_insured != right:
            yield FieldError(
                "sumInsured", "保险金额", "不等于发票金额 × (1 + 加成比例)", f"{right:.2f}"
            )
        if len(set(self.added_covers)) != len(self.added_covers):
            yield FieldError("addedCovers", "附加险", "有重复的险别")
        inside = [c for c in self.added_covers if c in tables.GENERAL_COVERS]
        if self.main_cover in tables.ALL_RISKS and inside:
            names = "、".join(tables.GENERAL_COVERS[c] for c in inside)
            yield FieldError("addedCovers", "附加险", f"{names}已包含在所选主险内", "不选择")


class Attachment(Model):
    """H. 附件信息: a file in the object store, named by its digest."""

    kind: AttachmentKind = Field(title="附件类型")
    name: C100 = Field(title="文件名")
    media_type: C100 = Field(title="文件格式", pattern=r"^[a-z]+/[a-z0-9.+-]+$")
    size: int = Field(title="文件大小(字节)", gt=0, le=4 * 1024 * 1024)
    sha256: Sha256 = Field(title="文件摘要")


class CargoProposalForm(Model):
    """The whole form, as it is submitted."""

    holder: HolderPart = Field(title="投保公司信息")
    insured: InsuredPart = Field(title="被投保公司信息")
    goods: GoodsPart = Field(title="货物信息")
    invoice: InvoicePart = Field(title="发票信息")
    transport: TransportPart = Field(title="运输信息")
    insurance: InsurancePart = Field(title="保险信息")
    special_terms: tuple[SpecialTerm, ...] = Field(default=(), title="特殊约定信息", max_length=50)
    attachments: tuple[Attachment, ...] = Field(default=(), title="附件信息", max_length=20)


class CargoProposalDraft(Model):
    """A saved form (暂存): who and with whom must stand; whole groups may still be missing."""

    holder: HolderPart = Field(title="投保公司信息")
    insured: InsuredPart | None = Field(default=None, title="被投保公司信息")
    goods: GoodsPart | None = Field(default=None, title="货物信息")
    invoice: InvoicePart | None = Field(default=None, title="发票信息")
    transport: TransportPart | None = Field(default=None, title="运输信息")
    insurance: InsurancePart | None = Field(default=None, title="保险信息")
    special_terms: tuple[SpecialTerm, ...] = Field(default=(), title="特殊约定信息", max_length=50)
    attachments: tuple[Attachment, ...] = Field(default=(), title="附件信息", max_length=20)
