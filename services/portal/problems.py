"""What the portal answers when it cannot do what was asked: one table of codes and sentences."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import orjson
from starlette.responses import Response

from libs.messages.errors import REASONS, FieldError, Malformed


@dataclass(frozen=True, slots=True)
class Row:
    """One problem: HTTP status, Chinese and English sentence."""

    status: int
    zh: str
    en: str


TABLE: dict[str, Row] = {
    # who asks
    "NO_SESSION": Row(
        401, "请先使用IC卡登录，或登录已过期，请重新登录", "log in with a card first"
    ),
    "CARD_DIFFERS": Row(403, "IC卡与当前登录人员不符", "not the card that is logged in"),
    "CARD_ABSENT": Row(
        403, "请检查是否正常接入IC卡", "the card that logged in is not in the reader: put it in"
    ),
    "NOT_A_CARD": Row(
        403, "请检查是否正常接入IC卡：只有企业法人卡和操作员卡可以登录", "only company cards log in"
    ),
    "ROLE": Row(403, "当前IC卡无权进行此操作", "this card may not do that"),
    "WRONG_ORIGIN": Row(403, "登录签名不是为本网站所作", "the login was signed for another site"),
    "CHALLENGE": Row(
        401, "登录口令已使用或已过期，请重新登录", "the challenge was used or is too old: ask anew"
    ),
    # what is asked
    "CONTENT_TYPE": Row(
        415, "报文格式应为 application/xml 或 application/json", "send XML or JSON"
    ),
    "NOT_FOR_COMPANIES": Row(
        422, "此类报文不由企业提交", "companies do not send messages of this kind"
    ),
    "HOLDER_DIFFERS": Row(
        422, "报文中的企业与IC卡不一致", "the company in the message is not the card's"
    ),
    "REQUEST": Row(422, "请求内容有误，请根据提示修改", "the request is wrong"),
    "NOT_FOUND": Row(404, "没有此项数据", "there is no such thing"),
    "METHOD": Row(405, "不支持此请求方法", "no such method here"),
    # what we lack
    "KAFKA_AWAY": Row(
        503,
        "报文暂时无法送达，请稍后用同一报文重新提交（重复提交不会重复办理）",
        "not delivered: send the very same message again, it takes effect once",
    ),
    "STORE_AWAY": Row(503, "数据库暂不可用，请稍后再试", "the database is away, try later"),
    "HISTORY_AWAY": Row(503, "查询服务暂不可用，请稍后再试", "history is away, try later"),
    "OBJECTS_AWAY": Row(503, "文件存储暂不可用，请稍后再试", "the object store is away, try later"),
    "UNEXPECTED": Row(500, "系统错误，请稍后再试", "an error of ours, try later"),
}

_STATUS_OF_REASON = {
    "SYNTAX": 400,
    "DTD": 400,
    "TOO_DEEP": 400,
    "TOO_LARGE": 413,
    "NOT_SIGNED": 403,
    "BAD_SIGNATURE": 403,
    "PROFILE": 403,
    "NOT_TRUSTED": 403,
    "REVOKED": 403,
    "EXPIRED": 403,
    "NOT_YET_VALID": 403,
    "NOT_PERMITTED": 403,
    "WRONG_SENDER": 403,
}
_STATUS_OF_CONTENT = 422


class Problem(Exception):
    """Answered instead: `code` of TABLE or of libs.messages.errors, and what is wrong where."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        errors: Iterable[FieldError] = (),
    ) -> None:
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        super().__init__(code)

    @classmethod
    def of(cls, malformed: Malformed) -> "Problem":
        """The answer to a message that can never work."""
        return cls(malformed.reason, malformed.detail, malformed.errors)

    @property
    def status(self) -> int:
        """The HTTP status."""
        if self.code in TABLE:
            return TABLE[self.code].status
        return _STATUS_OF_REASON.get(self.code, _STATUS_OF_CONTENT)

    def body(self) -> dict[str, object]:
        """The answer's JSON."""
        if self.code in TABLE:
            zh, en = TABLE[self.code].zh, TABLE[self.code].en
        else:
            zh, en = REASONS[self.code]
        return {
            "code": self.code,
            "message": zh,
            "messageEn": en,
            "detail": self.detail,
            "errors": [asdict(error) for error in self.errors],
        }

    def response(self) -> Response:
        """The answer."""
        return json_response(self.body(), self.status)


def json_response(body: object, status: int = 200) -> Response:
    """JSON that nobody keeps: it is one company's, and of this moment."""
    headers = {"Cache-Control": "no-store"}
    return Response(orjson.dumps(body), status, headers, media_type="application/json")
