"""货运险投保单: the eight groups of the proposal form. Source: user manual 5.2.1, domain 3.3.

Every field stands in the draft's groups; here is what a submission needs, and the rules between
fields.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from pydantic import Field

from libs.messages.base import Ruled
from libs.messages.codes import places, tables
from libs.messages.errors import FieldError
from libs.messages.fields import (
    C50,
    C100,
    C200,
    C500,
    Country,
    Currency,
    Email,
    GoodsCondition,
    HsChapter,
    HsSection,
    IdKind,
    InvoiceKind,
    LoadMode,
    MainCover,
    Money,
    Package,
    Percent,
    PerMille,
    Phone,
    PositiveMoney,
    TaxNumber,
    Transport,
    UnLocode,
    uscc_checked,
)
from libs.messages.kinds import amounts, checks
from libs.messages.kinds.agreement import SpecialTerm
from libs.messages.kinds.proposal_draft import (
    Attachment,
    GoodsDraft,
    HolderDraft,
    InsuranceDraft,
    InsuredDraft,
    InvoiceDraft,
    TransportDraft,
)
from libs.messages.scalars import Day, Flag


class HolderPart(HolderDraft):
    """A. 投保公司信息."""

    contact: C50 = Field(title="联系人")
    phone: Phone = Field(title="联系电话")
    address: C200 = Field(title="地址")


class InsuredPart(InsuredDraft, Ruled):
    """B. 被投保公司信息."""

    name: C100 = Field(title="被保险人名称")
    domestic: Flag = Field(default=True, title="是否境内")
    id_kind: IdKind = Field(title="证件类型")
    country: Country = Field(default=places.CHINA, title="国家/地区")

    def broken_rules(self) -> Iterator[FieldError]:
        """A domestic insured needs a number and a Chinese address; a USCC has its check digit."""
        if self.domestic:
            yield from checks.needed(self, "id_number", "境内被保险人须填写证件号码")
        if self.domestic != (self.country == places.CHINA):
            right = places.CHINA if self.domestic else "中国以外的国家/地区"
            yield self.wrong("country", "与是否境内不符", right)
        if self.id_number and self.id_kind == tables.USCC_ID:
            try:
                uscc_checked(self.id_number)
            except ValueError as error:
                yield self.wrong("id_number", *error.args)
        yield from checks.place(self, "", self.country, self.province, self.city)


class GoodsPart(GoodsDraft, Ruled):
    """C. 货物信息."""

    section: HsSection = Field(title="货物大类")
    chapter: HsChapter = Field(title="货物细类")
    pack_type: Package = Field(title="货物包装")
    condition: GoodsCondition = Field(default="NEW", title="新旧")
    description: C500 = Field(title="货物标的描述信息:包装及件数/重量")
    marks: C500 = Field(default="N/M", title="标记/唛头")

    def broken_rules(self) -> Iterator[FieldError]:
        """The chapter belongs to the section."""
        yield from checks.chapter_in_section(self, self.section, self.chapter)


class InvoicePart(InvoiceDraft, Ruled):
    """D. 发票信息."""

    kind: InvoiceKind = Field(default="ELECTRONIC", title="发票类型")
    tax_no: TaxNumber = Field(title="企业税号")
    email: Email = Field(title="联系人邮箱")
    phone: Phone = Field(title="联系人电话")

    def broken_rules(self) -> Iterator[FieldError]:
        """A title unless no invoice is wanted; a special invoice needs address and account."""
        if self.kind != "NONE":
            yield from checks.needed(self, "title", "开具发票须填写")
        if self.kind == "SPECIAL":
            for field in ("address", "bank", "account"):
                yield from checks.needed(self, field, "开具纸质专票须填写")


class TransportPart(TransportDraft, Ruled):
    """E. 运输信息."""

    mode: Transport = Field(default=tables.SEA, title="运输方式")
    voyage_no: C50 = Field(title="航次/航班/车次/车牌号")
    load_mode: LoadMode = Field(default="FCL", title="运载方式")
    bulk: Flag = Field(default=False, title="是否大宗散装运输")
    depart_date: Day = Field(title="起运日期")
    arrive_date: Day = Field(title="预计抵达日期")
    from_country: Country = Field(title="起运地国家/地区")
    from_port: UnLocode = Field(title="起运港名称")
    from_port_desc: C100 = Field(title="起运港描述")
    to_country: Country = Field(title="目的地国家/地区")
    to_port: UnLocode = Field(title="目的港名称")
    to_port_desc: C100 = Field(title="目的地描述")
    lc_used: Flag = Field(default=False, title="是否使用信用证")
    claim_payable_place: C100 = Field(title="赔款偿付地点")

    def broken_rules(self) -> Iterator[FieldError]:
        """One of two numbers, dates in order, ports of their countries, what a mode needs."""
        if not self.invoice_no and not self.bl_no:
            yield self.wrong("invoice_no", "和运单号码至少填一个")
            yield self.wrong("bl_no", "和发票号码至少填一个")
        if self.mode == tables.SEA:
            yield from checks.needed(self, "vessel_name", "水路运输须填写船舶名称")
        if self.arrive_date < self.depart_date:
            yield self.wrong("arrive_date", "早于起运日期", f"不早于 {self.depart_date}")
        if self.from_port == self.to_port:
            yield self.wrong("to_port", "与起运港相同", "起运港以外的港口")
        if self.lc_used:
            yield from checks.needed(self, "lc_no", "使用信用证时须填写")
        yield from self._port("from_port", "起运地", self.from_country, self.from_port)
        yield from self._port("to_port", "目的地", self.to_country, self.to_port)
        yield from checks.place(
            self, "from_", self.from_country, self.from_province, self.from_city
        )
        yield from checks.place(self, "to_", self.to_country, self.to_province, self.to_city)

    def _port(self, field: str, side: str, country: str, port: str) -> Iterator[FieldError]:
        known = _HARBOURS.get(self.mode)
        if known and port not in known.rows:
            yield self.wrong(field, f"{known.title}中没有代码“{port}”", known.example)
        if places.country_of_port(port) != country:
            yield self.wrong(field, f"不属于{side}国家/地区", f"{country} 的港口")


_HARBOURS = {tables.SEA: places.PORT, tables.AIR: places.AIRPORT}  # others: any UN/LOCODE


class InsurancePart(InsuranceDraft, Ruled):
    """F. 保险信息. Amounts are checked against the formula; the insurer's premium wins."""

    main_cover: MainCover = Field(title="主险")
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
            yield self.wrong("sum_insured", "不等于发票金额 × (1 + 加成比例)", f"{right:.2f}")
        yield from checks.no_twice(self, "added_covers")
        inside = [c for c in self.added_covers if c in tables.GENERAL_COVERS]
        if self.main_cover in tables.ALL_RISKS and inside:
            names = "、".join(tables.GENERAL_COVERS[c] for c in inside)
            yield self.wrong("added_covers", f"{names}已包含在所选主险内", "不选择")


class CargoProposalForm(Ruled):
    """The whole form, as it is submitted."""

    holder: HolderPart = Field(title="投保公司信息")
    insured: InsuredPart = Field(title="被投保公司信息")
    goods: GoodsPart = Field(title="货物信息")
    invoice: InvoicePart = Field(title="发票信息")
    transport: TransportPart = Field(title="运输信息")
    insurance: InsurancePart = Field(title="保险信息")
    special_terms: tuple[SpecialTerm, ...] = Field(default=(), title="特殊约定信息", max_length=50)
    attachments: tuple[Attachment, ...] = Field(default=(), title="附件信息", max_length=20)

    def broken_rules(self) -> Iterator[FieldError]:
        """The main cover's clauses are for the mode of transport (domain 6.1)."""
        cover, mode = self.insurance.main_cover, self.transport.mode
        modes = tables.COVER_MODES.get(cover)
        if modes and mode not in modes:
            names, right = tables.MAIN_COVER.rows, tables.covers_of(mode)
            problem = f"{names[cover]}不适用于{tables.TRANSPORT.rows[mode]}"
            wrong = self.insurance.wrong("main_cover", problem, "、".join(names[c] for c in right))
            yield replace(wrong, path=f"insurance.{wrong.path}")
