"""The bank at its desk. Every answer is checked against the official schema when it is read."""

from decimal import Decimal
from uuid import UUID

import pytest

from libs.messages.samples import ACCOUNT, COMPANY
from sandbox.bank.ledger import Ledger
from sandbox.bank.rules import OPENING_BALANCE, Account
from sandbox.bank.schemas import MANDATE_REPLY, STATUS_REPLY
from sandbox.desk import Mail
from tests.unit.sandbox.counter import Counter
from tests.unit.sandbox.gateway import AGREEMENT, PAYMENT, Gateway

ROWS = (("TB1", "60.00"), ("TB2", "40.50"))


@pytest.fixture
def gateway(bank: Counter) -> Gateway:
    return Gateway(bank)


def ledger(gateway: Gateway) -> Ledger:
    return Ledger(gateway.bank.store.db)


def balance(gateway: Gateway) -> Decimal:
    account = ledger(gateway).account(ACCOUNT)
    assert account
    return account.balance


def mandate(gateway: Gateway) -> str:
    number = gateway.sign().text("MndtId")
    assert number
    return number


def test_a_mandate_gets_a_number_that_is_always_the_same(gateway: Gateway) -> None:
    reply = gateway.sign()
    assert reply.name == MANDATE_REPLY
    assert (reply.text("Accptd"), reply.text("MndtReqId")) == ("true", AGREEMENT)
    assert reply.text("MsgNmId") == "pain.009.001.05"
    assert reply.text("MndtId")
    assert gateway.sign(amend=True).text("MndtId") == reply.text("MndtId")
    assert balance(gateway) == OPENING_BALANCE


def test_a_mandate_for_an_account_of_another_name_is_refused(gateway: Gateway) -> None:
    ledger(gateway).put_account(Account(ACCOUNT, "别的公司", Decimal(1)))
    reply = gateway.sign()
    assert (reply.text("Accptd"), reply.text("Cd")) == ("false", "BE01")
    assert reply.text("MndtId") is None
    assert reply.text("MndtReqId") == AGREEMENT


def test_a_bank_may_refuse_mandates_and_payments(gateway: Gateway) -> None:
    number = mandate(gateway)
    gateway.bank.steer(refuse=True)
    assert gateway.sign("SQ2").text("Cd") == "MS03"
    assert gateway.cancel(number).text("Accptd") == "false"
    assert gateway.collect(number, *ROWS).text("PmtInfSts") == "RJCT"
    assert balance(gateway) == OPENING_BALANCE


def test_a_payment_is_collected_with_the_banks_reference(gateway: Gateway) -> None:
    reply = gateway.collect(mandate(gateway), *ROWS)
    assert (reply.name, reply.text("OrgnlPmtInfId")) == (STATUS_REPLY, PAYMENT)
    assert (reply.text("PmtInfSts"), reply.texts("TxSts")) == ("ACSC", ["ACSC", "ACSC"])
    assert reply.texts("OrgnlEndToEndId") == ["TB1", "TB2"]
    assert all(reply.texts("AcctSvcrRef"))
    assert reply.text("OrgnlMsgNmId") == "pain.008.001.07"
    assert balance(gateway) == OPENING_BALANCE - Decimal("100.50")


def test_nothing_is_collected_twice(gateway: Gateway) -> None:
    number = mandate(gateway)
    first = gateway.collect(number, *ROWS)
    again = (
        gateway.repeat(),  # the same bytes
        gateway.collect(number, *ROWS),  # the same payment, another message
        gateway.collect(number, *ROWS, payment="JF2"),  # the same premiums, another payment
    )
    for reply in again:
        assert reply.text("PmtInfSts") == "ACSC"
        assert reply.texts("AcctSvcrRef") == first.texts("AcctSvcrRef")
    assert balance(gateway) == OPENING_BALANCE - Decimal("100.50")


def test_only_new_premiums_of_a_payment_are_debited(gateway: Gateway) -> None:
    number = mandate(gateway)
    gateway.collect(number, ROWS[0])
    gateway.collect(number, *ROWS, payment="JF2")
    assert balance(gateway) == OPENING_BALANCE - Decimal("100.50")


def test_the_first_result_of_a_payment_stays_whatever_is_asked_later(gateway: Gateway) -> None:
    number = mandate(gateway)
    gateway.collect(number, *ROWS)
    other = gateway.collect(number, ("TB9", "7.00"))
    assert other.texts("OrgnlEndToEndId") == ["TB1", "TB2"]
    assert balance(gateway) == OPENING_BALANCE - Decimal("100.50")


def test_a_failed_payment_may_be_tried_again_as_a_new_one(gateway: Gateway) -> None:
    number = mandate(gateway)
    ledger(gateway).put_account(Account(ACCOUNT, COMPANY, Decimal("10.00")))
    poor = gateway.collect(number, *ROWS)
    assert (poor.text("PmtInfSts"), poor.text("Cd")) == ("RJCT", "AM04")
    assert poor.texts("TxSts") == ["RJCT", "RJCT"]
    ledger(gateway).put_account(Account(ACCOUNT, COMPANY, Decimal("200.00")))
    assert gateway.collect(number, *ROWS).text("PmtInfSts") == "RJCT"  # its first result
    assert gateway.collect(number, *ROWS, payment="JF2").text("PmtInfSts") == "ACSC"
    assert balance(gateway) == Decimal("99.50")


def test_a_cancelled_mandate_collects_nothing_until_signed_again(gateway: Gateway) -> None:
    number = mandate(gateway)
    cancelled = gateway.cancel(number)
    assert (cancelled.text("Accptd"), cancelled.text("MndtReqId")) == ("true", AGREEMENT)
    assert gateway.collect(number, *ROWS).text("Cd") == "MD01"
    gateway.sign()
    assert gateway.collect(number, *ROWS, payment="JF2").text("PmtInfSts") == "ACSC"


def test_what_was_collected_is_told_so_even_after_the_mandate_ended(gateway: Gateway) -> None:
    number = mandate(gateway)
    gateway.collect(number, *ROWS)
    gateway.cancel(number)
    assert gateway.collect(number, *ROWS, payment="JF2").text("PmtInfSts") == "ACSC"
    assert balance(gateway) == OPENING_BALANCE - Decimal("100.50")


def test_a_mandate_may_be_cancelled_by_the_number_it_was_asked_for_under(gateway: Gateway) -> None:
    number = mandate(gateway)
    assert gateway.cancel(AGREEMENT).text("MndtId") == number
    assert gateway.collect(number, *ROWS).text("Cd") == "MD01"


def test_an_unknown_mandate_is_neither_cancelled_nor_collected(gateway: Gateway) -> None:
    reply = gateway.cancel("MD-NO-SUCH")
    assert (reply.text("Cd"), reply.text("OrgnlMndtId")) == ("MD01", "MD-NO-SUCH")
    assert gateway.collect("MD-NO-SUCH", *ROWS).text("Cd") == "MD01"


def test_limits_and_currency_hold(gateway: Gateway) -> None:
    number = mandate(gateway)
    rows = (("TB1", "300000.00"), ("TB2", "200000.01"))
    assert gateway.collect(number, *rows).text("Cd") == "AM02"
    assert gateway.collect(number, *ROWS, payment="JF2", ccy="USD").text("Cd") == "AM03"


def test_a_status_request_tells_and_never_collects(gateway: Gateway) -> None:
    number = mandate(gateway)
    gateway.bank.steer(silent=True)
    with pytest.raises(ValueError, match="unpack"):
        gateway.collect(number, *ROWS)  # collected, not answered
    gateway.bank.steer()
    told = gateway.status()
    assert (told.text("PmtInfSts"), told.text("OrgnlMsgNmId")) == ("ACSC", "status-request.01")
    assert balance(gateway) == OPENING_BALANCE - Decimal("100.50")


def test_a_payment_that_was_told_to_be_unknown_is_not_collected_later(gateway: Gateway) -> None:
    number = mandate(gateway)
    unknown = gateway.status()
    assert (unknown.text("PmtInfSts"), unknown.text("Cd")) == ("RJCT", "NOOR")
    late = gateway.collect(number, *ROWS)
    assert (late.text("PmtInfSts"), late.text("Cd")) == ("RJCT", "NOOR")
    assert balance(gateway) == OPENING_BALANCE


@pytest.mark.parametrize("header", ["ce_id", "ce_subject", "ce_source"])
def test_headers_that_contradict_the_body_are_not_answered(gateway: Gateway, header: str) -> None:
    gateway.bank.steer(silent=True)
    with pytest.raises(ValueError, match="unpack"):
        gateway.sign()
    mail = gateway.posted[-1]
    other = str(UUID(int=0)).encode()
    headers = [(name, other if name == header else value) for name, value in mail.headers]
    fresh = Counter(gateway.bank.code, gateway.bank.keys)
    assert fresh.post(Mail(headers, mail.body)) == []
    assert len(fresh.post(mail)) == 1  # unchanged it is answered


def test_a_changed_body_is_not_answered(gateway: Gateway) -> None:
    gateway.sign()
    mail = gateway.posted[-1]
    fresh = Counter(gateway.bank.code, gateway.bank.keys)
    assert fresh.post(Mail(mail.headers, mail.body.replace(b"500000", b"900000"))) == []
