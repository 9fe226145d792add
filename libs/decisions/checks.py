"""Checks that handlers of every service make, and how they say no."""

import re
from typing import TypeVar
from uuid import UUID

from libs.decisions.context import Actor, Context
from libs.decisions.records import AnyRecord, Record
from libs.lifecycle import Reason, Rejected
from libs.messages import numbers
from libs.messages.base import Meta, Model
from libs.messages.parties import Role

Body = TypeVar("Body", bound=Model)

UNKNOWN_DOCUMENT = Reason("UNKNOWN_DOCUMENT", "单证{id}不存在", "there is no document {id}")
OTHER_COMPANY = Reason(
    "OTHER_COMPANY", "单证编号{id}不属于本企业", "document {id} is not this company's"
)
WRONG_NUMBER = Reason(
    "WRONG_NUMBER",
    "单证编号{id}格式有误：应为{prefix}加8位日期和10位字母数字",
    "document number {id} should be {prefix}, a date and ten letters or digits",
)
HOLDER_DIFFERS = Reason(
    "HOLDER_DIFFERS",
    "{label}与登录的IC卡不一致：应为“{right}”，填写为“{wrong}”",
    "{label} is not the card's: should be {right}, is {wrong}",
)
WRONG_PARTNER = Reason(
    "WRONG_PARTNER",
    "该单证由{right}办理，{wrong}无权答复",
    "this document is with {right}: {wrong} may not answer",
)
CONTRADICTION = Reason(
    "CONTRADICTION",
    "答复与已有结果矛盾：{detail}",
    "the answer contradicts what is already known: {detail}",
)
STALE_ANSWER = Reason(
    "STALE_ANSWER",
    "答复的是报文{wrong}，该单证最近一次提交的是{right}",
    "this answers message {wrong}; the last one sent is {right}",
)

REASON_CODE_MAX = 40
NOTE_MAX = 2000


def status_of(record: AnyRecord | None) -> str | None:
    """The state code; None when there is no record."""
    return record.status if record else None


def known(record: Record[Body] | None, id: str) -> Record[Body]:
    """The record. Raises Rejected UNKNOWN_DOCUMENT: an answer or action without a document."""
    if record is None:
        raise Rejected(UNKNOWN_DOCUMENT, id=id)
    return record


def own_number(record: AnyRecord | None, id: str, prefix: str, ctx: Context) -> None:
    """A number to open a document with: well formed, and nobody else's.

    Raises Rejected WRONG_NUMBER, OTHER_COMPANY.
    """
    if not re.fullmatch(numbers.pattern(prefix), id):
        raise Rejected(WRONG_NUMBER, id=id, prefix=prefix)
    _not_of_others(record, id, ctx)


def _not_of_others(record: AnyRecord | None, id: str, ctx: Context) -> None:
    if record is not None and record.owner != ctx.actor.party:
        raise Rejected(OTHER_COMPANY, id=id)


def own(record: Record[Body] | None, id: str, ctx: Context) -> Record[Body]:
    """The acting company's existing record. Raises Rejected UNKNOWN_DOCUMENT, OTHER_COMPANY."""
    found = known(record, id)
    _not_of_others(found, id, ctx)
    return found


def company_is(ctx: Context, name: str, uscc: str) -> None:
    """A form must name the card's company. Raises Rejected HOLDER_DIFFERS."""
    for label, right, wrong in (
        ("统一社会信用代码", ctx.actor.party, uscc),
        ("企业名称", ctx.actor.name, name),
    ):
        if right != wrong:
            raise Rejected(HOLDER_DIFFERS, label=label, right=right, wrong=wrong)


def partner_is(ctx: Context, code: str) -> None:
    """Only the document's own partner may answer. Raises Rejected WRONG_PARTNER."""
    if ctx.actor.party != code:
        raise Rejected(WRONG_PARTNER, right=code, wrong=ctx.actor.party)


def answers(meta: Meta, asked: UUID) -> None:
    """An answer that says what it answers must mean the last question. Raises STALE_ANSWER."""
    if meta.in_reply_to not in (None, asked):
        raise Rejected(STALE_ANSWER, right=asked, wrong=meta.in_reply_to)


def window(ctx: Context) -> Context:
    """The same message, as the deed of the single window itself."""
    return ctx.on_behalf_of(Actor(Role.SERVICE, ctx.service, "单一窗口"))


def told(sentence: str, *details: str | None) -> str:
    """A status record's text: the table's sentence and what the partner said."""
    return "：".join((sentence, *(detail for detail in details if detail)))[:NOTE_MAX]


def short_code(code: str | None) -> str | None:
    """A partner's reason code, no longer than an event holds."""
    return code[:REASON_CODE_MAX] if code else None
