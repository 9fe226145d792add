"""Reasons a person can read: a stable code, a Chinese and an English sentence."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """One row of a reasons table. Sentences may hold `{name}` places filled when raised."""

    code: str
    zh: str
    en: str

    def text(self, language: str = "zh", **params: object) -> str:
        """The sentence in `language` ("zh" or "en") with its places filled."""
        return (self.en if language == "en" else self.zh).format(**params)


class Rejected(Exception):
    """Business says no. Becomes an event (companies) or a dead letter (partners)."""

    def __init__(self, reason: Reason, /, **params: object) -> None:
        self.reason = reason
        self.params = params
        super().__init__(f"{reason.code}: {reason.text('en', **params)}")

    def text(self, language: str = "zh") -> str:
        """The reason's sentence in `language`."""
        return self.reason.text(language, **self.params)


WRONG_STATE = Reason(
    "WRONG_STATE",
    "{document}当前状态为“{state}”，不能进行“{action}”操作；可进行的操作：{possible}",
    "{document} is in state {state}: cannot {action}; possible: {possible}",
)
WRONG_ROLE = Reason(
    "WRONG_ROLE",
    "“{action}”操作应由{allowed}进行，当前为{role}",
    "{action} is for {allowed}, not for {role}",
)
