"""The gateway and the sandbox's banks understand each other, by signed and valid ISO 20022 only."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.messages.kinds.debit import MandateAction, MandateResult
from libs.messages.kinds.payment import CollectionResult as Result
from libs.messages.kinds.payment import Items, PaymentItem
from libs.messages.samples import ACCOUNT, COMPANY, a_debit_agreement
from sandbox.bank.ledger import Ledger
from sandbox.bank.rules import Account
from tests.contract.iso20022.exchange import Exchange, letter_id
from tests.unit.gateway.desk import OTHER_PROPOSAL, PAYMENT, PROPOSAL
from tests.unit.sandbox.counter import NOW, Counter, Keys

SECOND = "JF20261123BBBBBBBBBB"
THIRD = "JF20261123CCCCCCCCCC"


def items(*amounts: str) -> Items:
    numbers = (PROPOSAL, OTHER_PROPOSAL)
    return tuple(
        PaymentItem(proposal_id=number, amount=Decimal(amount))
        for number, amount in zip(numbers, amounts, strict=False)
    )


def signed(exchange: Exchange) -> str:
    number = exchange.sign().agreement_no
    assert number
    return number


def balance(exchange: Exchange) -> Decimal:
    account = Ledger(exchange.bank.store.db).account(ACCOUNT)
    assert account
    return account.balance


def put_balance(
    exchange: Exchange, amount: str, name: str = COMPANY, *, closed: bool = False
) -> None:
    Ledger(exchange.bank.store.db).put_account(Account(ACCOUNT, name, Decimal(amount), closed))


def test_an_agreement_is_signed(exchange: Exchange) -> None:
    receipt = exchange.sign()
    assert receipt.result is MandateResult.ACCEPTED
    assert receipt.agreement_no
    assert receipt.reason_code is None


def test_an_account_of_another_name_is_refused(exchange: Exchange) -> None:
    put_balance(exchange, "100.00", name="另一家公司")
    receipt = exchange.sign()
    assert (receipt.result, receipt.reason_code) == (MandateResult.REFUSED, "RJ02")
    assert receipt.reason_text


def test_a_refused_agreement_is_signed_again(exchange: Exchange) -> None:
    put_balance(exchange, "100.00", name="另一家公司")
    exchange.sign()
    put_balance(exchange, "100.00")
    receipt = exchange.sign(action=MandateAction.AMEND, attempt=2)
    assert receipt.result is MandateResult.ACCEPTED


def test_a_cancelled_agreement_collects_no_more(exchange: Exchange) -> None:
    number = signed(exchange)
    receipt = exchange.cancel(number)
    assert (receipt.action, receipt.result) == (MandateAction.CANCEL, MandateResult.ACCEPTED)
    answer = exchange.collect(number, items("55.00"))
    assert (answer.result, answer.reason_code) == (Result.FAILED, "RJ06")


def test_a_number_that_the_bank_does_not_know_is_not_cancelled(exchange: Exchange) -> None:
    signed(exchange)
    receipt = exchange.cancel("MD-UNKNOWN")
    assert (receipt.result, receipt.reason_code) == (MandateResult.REFUSED, "RJ06")


def test_a_payment_of_many_proposals_is_collected_as_one(exchange: Exchange) -> None:
    number = signed(exchange)
    before = balance(exchange)
    answer = exchange.collect(number, items("55.00", "12.34"))
    assert answer.result is Result.PAID
    assert answer.bank_reference
    assert before - balance(exchange) == Decimal("67.34")


def test_too_little_money_is_rj03_and_the_next_payment_succeeds(exchange: Exchange) -> None:
    number = signed(exchange)
    put_balance(exchange, "10.00")
    refused = exchange.collect(number, items("55.00"))
    assert (refused.result, refused.reason_code) == (Result.FAILED, "RJ03")
    assert balance(exchange) == Decimal("10.00")
    put_balance(exchange, "100.00")
    assert exchange.collect(number, items("55.00"), SECOND).result is Result.PAID
    assert balance(exchange) == Decimal("45.00")


def test_a_payment_above_the_agreed_limit_is_rj07(exchange: Exchange) -> None:
    form = a_debit_agreement(exchange.bank.code)
    number = exchange.sign(form.model_copy(update={"max_per_tx": Decimal("50.00")})).agreement_no
    assert number
    answer = exchange.collect(number, items("55.00"))
    assert (answer.result, answer.reason_code) == (Result.FAILED, "RJ07")


def test_a_second_payment_above_the_days_limit_is_rj04(exchange: Exchange) -> None:
    form = a_debit_agreement(exchange.bank.code)
    number = exchange.sign(form.model_copy(update={"max_per_day": Decimal("100.00")})).agreement_no
    assert number
    assert exchange.collect(number, items("60.00")).result is Result.PAID
    rest = (PaymentItem(proposal_id=OTHER_PROPOSAL, amount=Decimal("40.01")),)
    answer = exchange.collect(number, rest, SECOND)
    assert (answer.result, answer.reason_code) == (Result.FAILED, "RJ04")
    rest = (PaymentItem(proposal_id=OTHER_PROPOSAL, amount=Decimal("40.00")),)
    assert exchange.collect(number, rest, THIRD).result is Result.PAID


def test_an_agreement_past_its_last_day_is_rj07(exchange: Exchange) -> None:
    form = a_debit_agreement(exchange.bank.code)
    past = NOW.date() - timedelta(days=1)
    number = exchange.sign(form.model_copy(update={"valid_to": past})).agreement_no
    assert number
    answer = exchange.collect(number, items("55.00"))
    assert (answer.result, answer.reason_code) == (Result.FAILED, "RJ07")


def test_a_closed_account_is_rj01(exchange: Exchange) -> None:
    number = signed(exchange)
    put_balance(exchange, "100.00", closed=True)
    answer = exchange.collect(number, items("55.00"))
    assert (answer.result, answer.reason_code) == (Result.FAILED, "RJ01")
    again = exchange.sign(attempt=2)
    assert (again.result, again.reason_code) == (MandateResult.REFUSED, "RJ01")


@pytest.mark.parametrize(
    ("field", "wrong", "code"),
    [
        ("payer_acct_name", "别的户名", "RJ02"),
        ("payer_open_bank_no", "105100000017", "RJ05"),  # another bank's
    ],
)
def test_an_agreement_that_does_not_fit_the_account_is_refused(
    exchange: Exchange, field: str, wrong: str, code: str
) -> None:
    form = a_debit_agreement(exchange.bank.code)
    receipt = exchange.sign(form.model_copy(update={field: wrong}))
    assert (receipt.result, receipt.reason_code) == (MandateResult.REFUSED, code)


def test_a_payment_the_bank_never_got_fails_for_good(exchange: Exchange) -> None:
    number = signed(exchange)
    exchange.loses_mail = True
    with pytest.raises(IndexError):  # no answer came
        exchange.collect(number, items("55.00"))
    exchange.loses_mail = False
    lost = exchange.mail[-1]
    exchange.query()
    assert exchange.desk.collection_receipts[-1].result is Result.FAILED
    before = balance(exchange)
    exchange.deliver(exchange.bank.post(lost))  # it arrives after all
    assert [r.result for r in exchange.desk.collection_receipts] == [Result.FAILED]
    assert balance(exchange) == before


def test_asking_never_collects_and_brings_the_present_state(exchange: Exchange) -> None:
    number = signed(exchange)
    exchange.bank.steer(silent=True)
    with pytest.raises(IndexError):  # no answer came
        exchange.collect(number, items("55.00"))
    after = balance(exchange)
    exchange.bank.steer()
    exchange.query()
    (receipt,) = exchange.desk.collection_receipts
    assert receipt.result is Result.PAID
    exchange.query(attempt=2)
    assert len(exchange.desk.collection_receipts) == 1
    assert balance(exchange) == after


def test_the_same_question_gets_the_same_letter(exchange: Exchange) -> None:
    number = signed(exchange)
    exchange.collect(number, items("55.00"))
    after = balance(exchange)
    for mail, letter in zip(exchange.mail, list(exchange.letters), strict=True):
        (again,) = exchange.bank.post(mail, NOW)
        assert (letter_id(again), again.body) == (letter_id(letter), letter.body)
    assert balance(exchange) == after


def test_two_answers_under_two_ids_are_told_once(exchange: Exchange) -> None:
    exchange.bank.steer(twice=True)
    number = signed(exchange)
    exchange.collect(number, items("55.00"))
    assert len(exchange.letters) == 4
    assert len(exchange.desk.mandate_receipts) == 1
    assert len(exchange.desk.collection_receipts) == 1


CENTS = st.integers(min_value=1, max_value=2_000_00)


@settings(max_examples=30, deadline=None)
@given(amounts=st.lists(CENTS, min_size=1, max_size=200))
def test_what_is_asked_is_collected_to_the_cent(keys: Keys, amounts: list[int]) -> None:
    exchange = Exchange(Counter("ICBC", keys))
    number = signed(exchange)
    before = balance(exchange)
    rows = tuple(
        PaymentItem(proposal_id=f"TB20261123{n:010d}", amount=Decimal(cents).scaleb(-2))
        for n, cents in enumerate(amounts)
    )
    answer = exchange.collect(number, rows, PAYMENT)
    assert answer.result is Result.PAID
    assert before - balance(exchange) == Decimal(sum(amounts)).scaleb(-2)
