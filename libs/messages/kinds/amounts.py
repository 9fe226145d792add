"""How sums are reckoned: Decimal, ROUND_HALF_UP to 0.01. Source: domain notes 6.2."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """`amount` rounded half up to two places."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def sum_insured(invoice_amount: Decimal, markup_percent: Decimal) -> Decimal:
    """保险金额 = 发票金额 × (1 + 加成), in the invoice's currency."""
    return cents(invoice_amount * (1 + markup_percent / 100))


def premium(insured: Decimal, rate_per_mille: Decimal, least: Decimal = Decimal(0)) -> Decimal:
    """保费 = 保险金额 × 费率‰, not below the minimum premium."""
    return max(cents(insured * rate_per_mille / 1000), least)
