"""货运险预约: a company's wish for a cargo agreement, and the insurer's answer."""

from collections.abc import Iterator
from enum import StrEnum

from pydantic import Field

from libs.messages.base import DocumentChanged, Message, Model, Ruled
from libs.messages.errors import FieldError
from libs.messages.fields import (
    C50,
    C100,
    C200,
    C500,
    C2000,
    Cover,
    Email,
    HsSection,
    IeType,
    Insurer,
    Phone,
    PositiveMoney,
    Transport,
    Uscc,
)
from libs.messages.kinds import checks
from libs.messages.scalars import Count


class BookingForm(Ruled):
    """The booking form. Source: user manual 5.1; fields without a manual row are own proposals."""

    ent_name: C100 = Field(title="企业名称")
    uscc: Uscc = Field(title="统一社会信用代码")
    insurer_id: Insurer = Field(title="保险机构名称")
    contact_name: C50 = Field(title="联系人")
    contact_phone: Phone = Field(title="联系人电话")
    contact_email: Email | None = Field(default=None, title="联系人邮箱")
    address: C200 | None = Field(default=None, title="企业地址")
    main_transport: tuple[Transport, ...] = Field(title="主要运输方式", min_length=1, max_length=6)
    main_goods: tuple[HsSection, ...] = Field(title="主要货物类别", min_length=1, max_length=21)
    main_routes: C200 | None = Field(default=None, title="主要贸易国家/航线")
    ie_type: IeType | None = Field(default=None, title="进出口类型")
    annual_shipments: Count | None = Field(default=None, title="预计年运输量(票)", gt=0, lt=10**9)
    annual_value: PositiveMoney = Field(title="预计年货值(元)")
    max_per_conveyance: PositiveMoney | None = Field(default=None, title="单票最高货值(元)")
    wanted_cover: tuple[Cover, ...] = Field(default=(), title="拟投保险别", max_length=25)
    loss_history: C500 | None = Field(default=None, title="近三年赔付情况")
    remark: C500 | None = Field(default=None, title="备注")

    def broken_rules(self) -> Iterator[FieldError]:
        """No code twice in a list."""
        for field in ("main_transport", "main_goods", "wanted_cover"):
            yield from checks.no_twice(self, field)


class SubmitBooking(Message):
    """货运险预约 (INS101)."""

    form: BookingForm = Field(title="预约信息")


class BookingResult(StrEnum):
    """What the insurer says of a booking."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class BookingReceipt(Message):
    """预约回执 (INS102)."""

    result: BookingResult = Field(title="预约结果")
    reason_code: C50 | None = Field(default=None, title="原因代码")
    reason_text: C2000 | None = Field(default=None, title="原因")


class BookingFacts(Model):
    """What became of a booking besides its form."""

    insurer: Insurer = Field(title="保险机构")


class BookingChanged(DocumentChanged):
    """货运险预约状态变更."""

    form: BookingForm | None = Field(default=None, title="预约信息")
    facts: BookingFacts = Field(title="办理信息")
