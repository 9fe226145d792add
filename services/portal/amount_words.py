"""Amounts in Chinese capital numerals, as policies write them (支付结算办法, annex 1)."""

from decimal import ROUND_HALF_UP, Decimal

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿", "亿亿")
_GROUP = 10_000


def amount_words(amount: Decimal, currency: str) -> str:
    """`amount` in words, e.g. 人民币壹拾壹万元整; `currency` is its Chinese name.

    Raises ValueError for a negative amount.
    """
    if amount < 0:
        raise ValueError("an amount in words is not negative")
    fen = int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))
    yuan, jiao, fen = fen // 100, fen // 10 % 10, fen % 10
    words = f"{_whole(yuan)}元" if yuan else ""
    if jiao:
        # a zero before the small coins when the whole part ends with one
        gap = "零" if yuan and yuan % 10 == 0 else ""
        words += f"{gap}{_DIGITS[jiao]}角"
    elif fen and yuan:
        words += "零"
    words += f"{_DIGITS[fen]}分" if fen else ""
    if not fen:
        words = f"{words or '零元'}整"
    return currency + words


def _whole(number: int) -> str:
    """A positive whole number: groups of four digits, one zero for any row of zeros."""
    groups = []
    while number:
        number, group = divmod(number, _GROUP)
        groups.append(group)
    words = ""
    gap = False
    for index in reversed(range(len(groups))):
        group = groups[index]
        if not group:
            gap = True
            continue
        if words and (gap or group < _GROUP // 10):
            words += "零"
        words += _four(group) + _GROUPS[index]
        gap = False
    return words


def _four(number: int) -> str:
    words = ""
    gap = False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if not digit:
            gap = bool(words)
            continue
        words += "零" if gap else ""
        words += _DIGITS[digit] + _PLACES[place]
        gap = False
    return words
