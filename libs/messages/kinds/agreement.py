"""货物运输预约保险协议: the open cover that an insurer pushes."""

from collections.abc import Iterator

from pydantic import Field

from libs.messages.base import DocumentChanged, Message, Model, Ruled
from libs.messages.codes import tables
from libs.messages.errors import FieldError
from libs.messages.fields import (
    C50,
    C100,
    C500,
    C2000,
    AgreementStatus,
    Cover,
    Currency,
    GoodsCondition,
    HsChapter,
    HsSection,
    Insurer,
    Money,
    Package,
    PartnerNumber,
    Percent,
    PerMille,
    PositiveMoney,
    Product,
    Settlement,
    Transport,
    Uscc,
)
from libs.messages.kinds import checks
from libs.messages.scalars import Count, Day, Flag


class AgreementHeader(Ruled):
    """协议表头."""

    agreement_no: PartnerNumber = Field(title="保险公司货运险协议编号")
    insurer: Insurer = Field(title="保险机构")
    holder: C100 = Field(title="投保人")
    holder_uscc: Uscc = Field(title="统一社会信用代码")
    insured: tuple[C100, ...] = Field(default=(), title="被保险人", max_length=50)
    product_code: Product = Field(title="险种")
    effective_from: Day = Field(title="协议生效日期")
    effective_to: Day = Field(title="协议终止日期")
    status: AgreementStatus = Field(title="协议状态")
    transport_modes: tuple[Transport, ...] = Field(title="运输方式", min_length=1, max_length=6)
    limit_per_conveyance: PositiveMoney = Field(title="每次运输限额")
    annual_limit: PositiveMoney | None = Field(default=None, title="年度限额")
    location_limit: PositiveMoney | None = Field(default=None, title="仓储地点限额")
    markup_default: Percent = Field(title="默认加成比例(%)")
    markup_max: Percent = Field(title="最大加成比例(%)")
    min_premium: Money = Field(title="最低保费")
    currency: Currency = Field(title="币种")
    territory: C500 | None = Field(default=None, title="起运地/目的地范围")
    declare_before: C50 | None = Field(default=None, title="申报期限")
    back_dating: Flag = Field(default=False, title="允许倒签")
    cancellation_days: Count | None = Field(default=None, title="注销通知期(天)", ge=0, le=365)
    settlement: Settlement = Field(title="结算方式")

    def broken_rules(self) -> Iterator[FieldError]:
        """Dates and markups in order."""
        if self.effective_to < self.effective_from:
            right = f"不早于 {self.effective_from}"
            yield self.wrong("effective_to", "早于协议生效日期", right)
        if self.markup_default > self.markup_max:
            yield self.wrong("markup_default", "大于最大加成比例", f"不大于 {self.markup_max}")
        yield from checks.no_twice(self, "transport_modes")


class SpecialTerm(Model):
    """One special term (特殊约定): name and content."""

    name: C100 = Field(title="特殊约定名称")
    content: C2000 = Field(title="特殊约定内容")


class AgreementCover(Ruled):
    """One cover of the agreement (险别)."""

    code: Cover = Field(title="险别代码")
    main: Flag = Field(title="主险")
    clause: C100 | None = Field(default=None, title="适用条款")
    base_rate: PerMille = Field(title="基准费率(‰)")
    deductible: C500 | None = Field(default=None, title="免赔条件")

    def broken_rules(self) -> Iterator[FieldError]:
        """A main cover is told as one."""
        main = self.code in tables.MAIN_COVER.rows
        if self.main != main:
            yield self.wrong(
                "main", f"{tables.COVER.rows[self.code]}是{'主险' if main else '附加险'}"
            )


class AgreementGoods(Ruled):
    """One class of goods (货物类别): taken within rates, or refused."""

    section: HsSection = Field(title="货物大类")
    chapter: HsChapter | None = Field(default=None, title="货物细类")
    pack_type: Package | None = Field(default=None, title="包装类型")
    condition: GoodsCondition = Field(title="新旧")
    rate_min: PerMille = Field(title="费率下限(‰)")
    rate_max: PerMille = Field(title="费率上限(‰)")
    min_premium: Money | None = Field(default=None, title="最低保费")
    deductible: C500 | None = Field(default=None, title="免赔")
    covered: Flag = Field(title="是否承保")

    def broken_rules(self) -> Iterator[FieldError]:
        """The rate band is a band; the chapter belongs to the section."""
        if self.rate_max < self.rate_min:
            yield self.wrong("rate_max", "小于费率下限", f"不小于 {self.rate_min}")
        if self.chapter:
            yield from checks.chapter_in_section(self, self.section, self.chapter)


class CargoAgreementForm(Ruled):
    """The agreement: four tabs of the manual (5.2.1)."""

    header: AgreementHeader = Field(title="表头信息")
    special_terms: tuple[SpecialTerm, ...] = Field(default=(), title="特殊约定信息", max_length=100)
    covers: tuple[AgreementCover, ...] = Field(title="险别信息", min_length=1, max_length=50)
    goods: tuple[AgreementGoods, ...] = Field(title="货物类别信息", min_length=1, max_length=500)

    def broken_rules(self) -> Iterator[FieldError]:
        """A main cover, and no cover twice."""
        codes = [cover.code for cover in self.covers]
        if not any(cover.main for cover in self.covers):
            yield self.wrong("covers", "没有主险", "至少一个主险")
        if len(set(codes)) != len(codes):
            yield self.wrong("covers", "有重复的险别", "每个险别只列一次")

    @property
    def document_id(self) -> str:
        """The agreement's id in Tongbao: unique across insurers."""
        return agreement_id(self.header.insurer, self.header.agreement_no)


def agreement_id(insurer: str, agreement_no: str) -> str:
    """The document id of an insurer's agreement."""
    return f"{insurer}.{agreement_no}"


class PushCargoAgreement(Message):
    """协议推送 (INS111)."""

    agreement: CargoAgreementForm = Field(title="货运险协议")


class CargoAgreementChanged(DocumentChanged):
    """货运险协议状态变更."""

    form: CargoAgreementForm | None = Field(default=None, title="货运险协议")
