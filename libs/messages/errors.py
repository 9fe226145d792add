"""What is wrong with a message, said so that a person can mend it."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: where (path, Chinese label), what is wrong, what would be right."""

    path: str
    label: str
    problem: str
    expected: str = ""

    def __str__(self) -> str:
        separator = "，" if self.expected.startswith("例如") else "；应为："
        hint = f"{separator}{self.expected}" if self.expected else ""
        return f"{self.label}（{self.path}）：{self.problem}{hint}"


class RulesBroken(ValueError):
    """Rules between fields of one model are broken."""

    def __init__(self, rules: Iterable[FieldError]) -> None:
        self.rules = tuple(rules)
        super().__init__("；".join(str(rule) for rule in self.rules))


class Malformed(Exception):
    """A message that can never work. `reason` is one of `REASONS`; all field errors at once."""

    def __init__(self, reason: str, detail: str = "", errors: Iterable[FieldError] = ()) -> None:
        self.reason = reason
        self.errors = tuple(errors)
        self.detail = detail or "；".join(str(error) for error in self.errors)
        super().__init__(f"{reason}: {self.detail}")

    @property
    def message(self) -> str:
        """The reason's sentence in Chinese."""
        return REASONS[self.reason][0]

    @property
    def message_en(self) -> str:
        """The reason's sentence in English."""
        return REASONS[self.reason][1]


REASONS: dict[str, tuple[str, str]] = {
    "SYNTAX": ("报文不是格式正确的 XML 或 JSON", "not well-formed XML or JSON"),
    "DTD": ("报文不得包含 DTD 或实体", "a DTD or entities are not allowed"),
    "TOO_LARGE": ("报文超过大小限制", "the message is too large"),
    "TOO_DEEP": ("报文嵌套层次过深", "the message is nested too deeply"),
    "UNKNOWN_KIND": ("未知的报文类型", "unknown message kind"),
    "UNKNOWN_VERSION": ("不支持的报文版本", "unsupported version of the message kind"),
    "WRONG_KIND": (
        "报文类型与主题或报文头不一致",
        "the message is of another kind than its topic or header says",
    ),
    "HEADERS": (
        "报文头缺失或与签名内容不一致",
        "headers are missing or contradict the signed content",
    ),
    "FIELDS": ("报文内容有误，请根据提示修改", "some fields are wrong"),
    "ID_REUSED": (
        "报文编号已被另一内容使用",
        "this message id was already used with another content",
    ),
    "NOT_SIGNED": ("报文没有签名", "the message is not signed"),
    "BAD_SIGNATURE": ("数字签名无效", "the signature does not fit the content"),
    "PROFILE": ("签名格式不符合要求", "the signature is not of the required profile"),
    "NOT_ENCRYPTED": ("报文未加密", "the message is not encrypted, and its recipient wants it so"),
    "UNREADABLE": ("报文无法解密", "the message cannot be decrypted"),
    "NOT_TRUSTED": (
        "签名证书不受信任",
        "the signing certificate is not issued by a trusted authority",
    ),
    "REVOKED": ("签名证书已被吊销", "the signing certificate is revoked"),
    "EXPIRED": ("签名证书已过期", "the signing certificate has expired"),
    "NOT_YET_VALID": ("签名证书尚未生效", "the signing certificate is not valid yet"),
    "NOT_PERMITTED": (
        "签名人无权签署此类报文",
        "the signer may not sign this kind of message here",
    ),
    "WRONG_SENDER": (
        "发送方与签名证书不一致",
        "the sender is not the party of the signing certificate",
    ),
}
