"""Amounts in words, after the examples of the payment rules (支付结算办法, annex 1)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.portal.amount_words import amount_words

DIGITS = {digit: value for value, digit in enumerate("零壹贰叁肆伍陆柒捌玖")}
UNITS = {"拾": 10, "佰": 100, "仟": 1000}


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "零元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角整"),
        ("10", "壹拾元整"),
        ("110000", "壹拾壹万元整"),
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("1680.32", "壹仟陆佰捌拾元零叁角贰分"),
        ("107000.53", "壹拾万柒仟元零伍角叁分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("100000001", "壹亿零壹元整"),
        ("10010010", "壹仟零壹万零壹拾元整"),
        ("1000000000000", "壹万亿元整"),
        (
            "9999999999999999.99",
            "玖仟玖佰玖拾玖万亿玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分",
        ),
    ],
)
def test_amounts(amount: str, words: str) -> None:
    assert amount_words(Decimal(amount), "人民币") == f"人民币{words}"


def test_a_negative_amount_has_no_words() -> None:
    with pytest.raises(ValueError, match="negative"):
        amount_words(Decimal(-1), "人民币")


@given(st.decimals(0, Decimal("999999999999.99"), places=2))
def test_words_say_the_amount(amount: Decimal) -> None:
    assert read(amount_words(amount, "")) == amount


def read(words: str) -> Decimal:
    """The amount that words say: the other way round, written on its own."""
    whole, _, rest = words.removesuffix("整").rpartition("元")
    total = group = digit = 0
    for character in whole:
        if character in DIGITS:
            digit = DIGITS[character]
        elif character in UNITS:
            group, digit = group + digit * UNITS[character], 0
        else:
            scale = {"万": 10**4, "亿": 10**8}[character]
            total, group, digit = total + (group + digit) * scale, 0, 0
    yuan, fen, digit = total + group + digit, 0, 0
    for character in rest:
        if character in DIGITS:
            digit = DIGITS[character]
        else:
            fen += digit * {"角": 10, "分": 1}[character]
    return yuan + Decimal(fen) / 100
