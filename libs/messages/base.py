"""The base of every model that travels, and the part that every message has."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic.alias_generators import to_camel

from libs.messages.errors import FieldError, RulesBroken
from libs.messages.parties import Role


class Model(BaseModel):
    """A frozen value with camelCase names on the wire; an unknown field is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )

    def broken_rules(self) -> Iterator[FieldError]:
        """Rules between fields that this value breaks; paths are relative, camelCase."""
        return iter(())

    @model_validator(mode="after")
    def _keep_rules(self) -> Self:
        if broken := tuple(self.broken_rules()):
            raise RulesBroken(broken)
        return self


def _aware(value: datetime) -> datetime:
    if value.utcoffset() is None:
        raise ValueError("时间必须带时区，例如 2026-11-23T08:00:00Z")
    return value


Timestamp = Annotated[datetime, AfterValidator(_aware)]
DocumentId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,59}$")]
PartyId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z-]{1,31}$")]


class Meta(Model):
    """What every signed message says of itself. The CloudEvents headers must say the same."""

    message_id: UUID = Field(title="报文编号")
    document_id: DocumentId = Field(title="单证编号")
    sender: PartyId = Field(title="发送方")  # USCC, partner code or service name
    created_at: Timestamp = Field(title="生成时间")
    in_reply_to: UUID | None = Field(default=None, title="所答复报文编号")


class Message(Model):
    """Base of every message kind. The kind's name is the class name."""

    meta: Meta = Field(title="报文头")


class Cause(Model):
    """The signed message that made a document move."""

    message_id: UUID = Field(title="报文编号")
    kind: str = Field(title="报文类型", max_length=60)
    signer: str = Field(title="签名人", max_length=100)
    digest: str = Field(title="报文摘要", pattern=r"^[0-9a-f]{64}$")  # SHA-256 of the bytes


class DocumentChanged(Message):
    """Base of the events: a document made one move of its lifecycle."""

    sequence: int = Field(title="序号", ge=1)  # the record's version after the move; no gaps
    action: str = Field(title="操作", max_length=40)
    from_status: str | None = Field(default=None, title="原状态", max_length=2)
    status: str = Field(title="状态", max_length=2)
    status_name: str = Field(title="状态名称", max_length=40)
    owner: str = Field(title="统一社会信用代码", max_length=18)
    actor_role: Role = Field(title="处理方")
    actor: str = Field(title="处理人", max_length=100)
    cause: Cause = Field(title="来源报文")
    reason_code: str | None = Field(default=None, title="原因代码", max_length=40)
    note: str = Field(default="", title="说明", max_length=2000)
