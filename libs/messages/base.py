"""The base of every model that travels, and the part that every message has."""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

from libs.messages.errors import FieldError, RulesBroken
from libs.messages.parties import Role
from libs.messages.scalars import Count, Timestamp, Uuid
from libs.messages.shapes import NOTE, TEXT, shaped


class Model(BaseModel):
    """A frozen value with camelCase names on the wire; an unknown field is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )

    @classmethod
    def wrong(cls, field: str, problem: str, expected: str = "") -> FieldError:
        """What is wrong with one field, under its title."""
        info = cls.model_fields[field]
        return FieldError(info.alias or field, info.title or field, problem, expected)


class Ruled(Model):
    """A model with rules between its fields; one without is not called back for nothing."""

    def broken_rules(self) -> Iterator[FieldError]:
        """Rules between fields that this value breaks; paths are relative, camelCase."""
        return iter(())

    @model_validator(mode="after")
    def _keep_rules(self) -> Self:
        if broken := tuple(self.broken_rules()):
            raise RulesBroken(broken)
        return self


DocumentId = Annotated[
    str,
    shaped(r"^[0-9A-Za-z][0-9A-Za-z._-]{0,59}$", "字母或数字开头，最多 60 个字母、数字、点、横线"),
]
PartyId = Annotated[
    str, shaped(r"^[0-9A-Za-z][0-9A-Za-z-]{1,31}$", "统一社会信用代码、机构代码或服务名称")
]
Sha256 = Annotated[str, shaped(r"^[0-9a-f]{64}$", "SHA-256，64 位小写十六进制数字")]
_Person = Annotated[str, StringConstraints(pattern=TEXT, max_length=160)]  # company and holder
_Name = Annotated[str, StringConstraints(pattern=TEXT, max_length=40)]
_Note = Annotated[str, StringConstraints(pattern=NOTE, max_length=2000)]
Status = Annotated[str, shaped(r"^[0-9]{1,2}$", "一至两位数字")]


class Meta(Model):
    """What every signed message says of itself. The CloudEvents headers must say the same."""

    message_id: Uuid = Field(title="报文编号")
    document_id: DocumentId = Field(title="单证编号")
    sender: PartyId = Field(title="发送方")  # USCC, partner code or service name
    created_at: Timestamp = Field(title="生成时间")
    in_reply_to: Uuid | None = Field(default=None, title="所答复报文编号")


class Message(Model):
    """Base of every message kind. The kind's name is the class name."""

    meta: Meta = Field(title="报文头")


class Cause(Model):
    """The signed message that made a document move."""

    message_id: Uuid = Field(title="报文编号")
    kind: _Name = Field(title="报文类型")
    signer: _Person = Field(title="签名人")
    digest: Sha256 = Field(title="报文摘要")


class DocumentChanged(Message):
    """Base of the events: a document made one move of its lifecycle."""

    sequence: Count = Field(title="序号", ge=1)  # the record's version after the move; no gaps
    action: _Name = Field(title="操作")
    from_status: Status | None = Field(default=None, title="原状态")
    status: Status = Field(title="状态")
    status_name: _Name = Field(title="状态名称")
    owner: PartyId = Field(title="统一社会信用代码")
    actor_role: Role = Field(title="处理方")
    actor: _Person = Field(title="处理人")
    cause: Cause = Field(title="来源报文")
    reason_code: _Name | None = Field(default=None, title="原因代码")
    note: _Note = Field(default="", title="说明")
