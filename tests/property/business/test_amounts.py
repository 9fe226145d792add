"""Amounts: exact to the cent, halves up, never a float. Source: domain notes 6.2."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.lifecycle import Rejected
from libs.messages.kinds.amounts import premium, sum_insured
from libs.messages.kinds.payment import CollectPremium
from services.payment import reasons
from tests.unit.payment.desk import Desk

money = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(10**15), places=2)
percent = st.decimals(min_value=0, max_value=100, places=2)
per_mille = st.decimals(min_value=0, max_value=1000, places=4)
HALF_A_CENT = Fraction(1, 200)


@pytest.mark.parametrize(
    ("invoice", "markup", "rate", "least", "insured", "owed"),
    [
        ("100000.00", "10", "0.5", "0", "110000.00", "55.00"),
        ("1000.00", "10", "0.5", "3.00", "1100.00", "3.00"),
        ("1000.00", "10", "0.5", "0", "1100.00", "0.55"),
        ("0.05", "10", "0", "0", "0.06", "0.00"),  # 0.055: halves go up
        ("10.00", "0", "0.5", "0", "10.00", "0.01"),  # 0.005: halves go up
    ],
)
def test_the_examples_of_the_notes(
    invoice: str, markup: str, rate: str, least: str, insured: str, owed: str
) -> None:
    total = sum_insured(Decimal(invoice), Decimal(markup))
    assert str(total) == insured
    assert premium(total, Decimal(rate), Decimal(least)) == Decimal(owed)


def is_rounded_half_up(result: Decimal, exact: Fraction) -> bool:
    return -HALF_A_CENT < Fraction(result) - exact <= HALF_A_CENT


@given(money, percent)
def test_the_sum_insured_is_the_marked_up_invoice_to_the_cent(
    invoice: Decimal, markup: Decimal
) -> None:
    exact = Fraction(invoice) * (1 + Fraction(markup) / 100)
    result = sum_insured(invoice, markup)
    assert is_rounded_half_up(result, exact)
    assert result.as_tuple().exponent == -2
    assert result >= invoice


@given(money, per_mille, money)
def test_the_premium_is_the_rated_sum_to_the_cent_and_not_below_the_least(
    insured: Decimal, rate: Decimal, least: Decimal
) -> None:
    exact = Fraction(insured) * Fraction(rate) / 1000
    assert is_rounded_half_up(premium(insured, rate), exact)
    assert premium(insured, rate, least) == max(premium(insured, rate), least)


@given(money, money, per_mille)
def test_more_insured_never_costs_less(one: Decimal, other: Decimal, rate: Decimal) -> None:
    small, large = sorted((one, other))
    assert premium(small, rate) <= premium(large, rate)


due_amounts = st.lists(
    st.decimals(min_value=Decimal("0.01"), max_value=Decimal(10**9), places=2),
    min_size=1,
    max_size=20,
)


@given(due_amounts)
def test_what_is_collected_is_the_sum_of_what_is_due(owed: list[Decimal]) -> None:
    desk = Desk().signed()
    numbers = [f"TB20261123{index:010d}" for index in range(len(owed))]
    for number, amount in zip(numbers, owed, strict=True):
        desk.proposal(number, premium=amount)
    desk.pay_each(dict(zip(numbers, owed, strict=True)))
    [request] = desk.office.messages(CollectPremium)
    assert request.total == sum(owed)
    assert [item.amount for item in request.items] == owed
    assert all(desk.due(number).payment_id for number in numbers)


@given(due_amounts, st.data())
def test_one_wrong_cent_stops_the_whole_payment(owed: list[Decimal], data: st.DataObject) -> None:
    desk = Desk().signed()
    numbers = [f"TB20261123{index:010d}" for index in range(len(owed))]
    for number, amount in zip(numbers, owed, strict=True):
        desk.proposal(number, premium=amount)
    amounts = dict(zip(numbers, owed, strict=True))
    amounts[data.draw(st.sampled_from(numbers))] += Decimal("0.01")
    with pytest.raises(Rejected) as no:
        desk.pay_each(amounts)
    assert no.value.reason == reasons.AMOUNT_DIFFERS
    assert not any(desk.due(number).payment_id for number in numbers)
