"""Every refusal has a status, and a sentence in both languages."""

import pytest

from libs.messages.errors import REASONS
from services.portal.problems import TABLE, Problem


@pytest.mark.parametrize("code", [*TABLE, *REASONS])
def test_every_code_can_be_told(code: str) -> None:
    problem = Problem(code)
    told = problem.body()
    assert 400 <= problem.status < 600
    assert told["code"] == code
    assert told["message"]
    assert str(told["messageEn"]).isascii()


def test_codes_are_not_told_twice() -> None:
    assert not TABLE.keys() & REASONS.keys()


def test_the_manuals_words_are_used() -> None:
    assert TABLE["CARD_DIFFERS"].zh == "IC卡与当前登录人员不符"
    assert "请检查是否正常接入IC卡" in TABLE["NOT_A_CARD"].zh
