"""A command that business refused."""

from pydantic import Field

from libs.messages.base import Message, PartyId
from libs.messages.fields import C40, C60, C2000
from libs.messages.scalars import Uuid


class CommandRejected(Message):
    """操作被拒绝: which command, why."""

    command: C60 = Field(title="报文类型")
    command_id: Uuid = Field(title="报文编号")
    owner: PartyId = Field(title="统一社会信用代码")
    reason_code: C40 = Field(title="原因代码")
    reason_text: C2000 = Field(title="原因")
    reason_text_en: C2000 = Field(title="原因(英文)")
