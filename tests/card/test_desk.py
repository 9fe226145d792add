"""The desk: one operation at a time, asked for each, and only what the card is for."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from card_signer.desk import Desk, Limits
from card_signer.pin import Pin
from card_signer.trust import Trust
from libs.messages.examples import messages
from libs.messages.parties import Role
from libs.messages.partners import XML
from libs.messages.registry import kind_of
from libs.signing.pki import Authority, Issued
from libs.signing.proofs import NotProven, login_statement, prove
from libs.signing.trust import TrustStore
from libs.signing.verification import verify
from sandbox.card.applet import PivCard as Chip
from tests.card.conftest import OPERATOR, PIN, SITE, Drawer, Someone, refused

NONCE = "n" * 32


def document(name: str) -> bytes:
    message = next(each for each in messages() if type(each).__name__ == name)
    return kind_of(type(message)).codec.encode(message, XML)


PROPOSAL = document("SubmitCargoProposal")


def test_a_login_is_proven_at_the_site_that_asked_and_nowhere_else(
    desk: Desk, someone: Someone, trust: TrustStore
) -> None:
    told = desk.login(SITE, NONCE)
    now = datetime.now(UTC)
    who = prove(login_statement(SITE, NONCE), told["signature"], trust, now)
    assert (who.holder, who.fingerprint) == (OPERATOR.holder, told["card"])
    with pytest.raises(NotProven):
        prove(login_statement("https://evil.example", NONCE), told["signature"], trust, now)
    (question,) = someone.asked
    assert question.origin == SITE
    assert question.tries_left == 3


def test_a_nonce_serves_once(desk: Desk) -> None:
    desk.login(SITE, NONCE)
    with refused("NONCE"):
        desk.login(SITE, NONCE)


@pytest.mark.parametrize("nonce", ["", "short", "x" * 300, "n" * 31 + "\n", "名" * 20])
def test_a_nonce_that_is_none_is_refused(desk: Desk, someone: Someone, nonce: str) -> None:
    with refused("BAD_REQUEST"):
        desk.login(SITE, nonce)
    assert not someone.asked


def test_a_document_is_shown_and_signed(desk: Desk, someone: Someone, trust: TrustStore) -> None:
    signed = desk.sign(SITE, PROPOSAL)
    verdict = verify(signed, XML, None, trust, datetime.now(UTC)).verdict
    assert verdict.trusted
    (question,) = someone.asked
    assert question.title == "货运险投保"
    assert any(line.is_key for line in question.lines)


def test_nothing_is_signed_without_the_users_word(desk: Desk, chip: Chip) -> None:
    desk.consent = Someone(pin="")
    with refused("CANCELLED"):
        desk.sign(SITE, PROPOSAL)
    assert chip.tries == 3


def test_a_wrong_pin_is_told_and_the_last_try_is_kept(desk: Desk, chip: Chip) -> None:
    desk.consent = Someone(pin="999999")
    for left in (2, 1):
        with refused("PIN_WRONG") as wrong:
            desk.sign(SITE, PROPOSAL)
        assert wrong.value.told == {"left": left}
    with refused("LAST_TRY"):
        desk.sign(SITE, PROPOSAL)
    with refused("LAST_TRY"), Pin.typed("999999") as pin:
        desk.verify_pin(pin)
    assert chip.tries == 1
    chip.tries = 0
    with refused("PIN_LOCKED"):
        desk.sign(SITE, PROPOSAL)


def test_the_card_is_reset_after_each_operation(desk: Desk, chip: Chip) -> None:
    desk.sign(SITE, PROPOSAL)
    assert not chip.shown


def test_a_document_for_the_other_kind_of_card_is_refused(desk: Desk, someone: Someone) -> None:
    with refused("ROLE"):
        desk.sign(SITE, document("SignDebitAgreement"))
    assert not someone.asked


def test_no_reader_no_card_the_wrong_card_and_a_foreign_card_are_told_apart(
    desk: Desk, chip: Chip, authority: Authority
) -> None:
    (holder,) = desk.holders()
    service = authority.issue(replace(OPERATOR, role=Role.SERVICE))
    drawers: dict[str, dict[str, Chip | None]] = {
        "NO_READER": {},
        "NO_CARD": {"one": None, "two": None},
        "NOT_OUR_CARD": {"one": Chip(service.key, service.certificate, PIN)},
    }
    for code, chips in drawers.items():
        desk.backends = [Drawer(chips)]
        with refused(code):
            desk.sign(SITE, PROPOSAL)
    desk.backends = [Drawer({"one": None, "two": chip})]
    assert desk.sign(SITE, PROPOSAL, holder.fingerprint)
    with refused("WRONG_CARD"):
        desk.sign(SITE, PROPOSAL, "00" * 32)


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_of_several_cards_that_will_not_do_the_reason_that_says_most_is_told(
    authority: Authority, order: str
) -> None:
    foreign = authority.issue(replace(OPERATOR, role=Role.SERVICE))
    other = authority.issue(replace(OPERATOR, holder="王大为", card="C2"))
    cards = {"a": foreign, "b": other}
    chips = {name: Chip(cards[name].key, cards[name].certificate, PIN) for name in order}
    with refused("WRONG_CARD"):
        Desk([Drawer(dict(chips))], Someone()).sign(SITE, PROPOSAL, "00" * 32)


def test_the_card_that_is_meant_is_found_among_others(
    chip: Chip, authority: Authority, someone: Someone
) -> None:
    other = authority.issue(replace(OPERATOR, holder="王大为", card="C2"))
    two = Desk([Drawer({"a": Chip(other.key, other.certificate, PIN), "b": chip})], someone)
    wanted = next(each for each in two.holders() if each.card == "C1")
    two.sign(SITE, PROPOSAL, wanted.fingerprint)
    assert "C1" in someone.asked[0].holder


def test_a_card_that_is_expired_or_not_yet_valid_signs_nothing(desk: Desk, issued: Issued) -> None:
    day = timedelta(days=1)
    desk.now = lambda: issued.certificate.not_valid_after_utc + day
    with refused("EXPIRED"):
        desk.sign(SITE, PROPOSAL)
    desk.now = lambda: issued.certificate.not_valid_before_utc - day
    with refused("NOT_YET_VALID"):
        desk.sign(SITE, PROPOSAL)


def test_a_card_that_expires_soon_is_warned_of(
    desk: Desk, someone: Someone, issued: Issued
) -> None:
    desk.now = lambda: issued.certificate.not_valid_after_utc - timedelta(days=29)
    desk.sign(SITE, PROPOSAL)
    assert someone.asked[0].notes
    desk.now = lambda: issued.certificate.not_valid_after_utc - timedelta(days=32)
    desk.sign(SITE, PROPOSAL)
    assert not someone.asked[1].notes


def test_a_revoked_card_signs_nothing_from_then_on(
    desk: Desk, someone: Someone, authority: Authority, issued: Issued, tmp_path: Path
) -> None:
    """The list that changes is read again, and one that is broken takes nothing back."""
    ca, lists = tmp_path / "ca.pem", tmp_path / "revoked.crl"
    ca.write_bytes(authority.issued.certificate_pem())
    lists.write_bytes(authority.revocations([]))
    desk.trust = Trust(ca, lists)
    desk.sign(SITE, PROPOSAL)
    lists.write_bytes(authority.revocations([issued.certificate]))
    for _ in range(2):
        with refused("REVOKED"):
            desk.sign(SITE, PROPOSAL)
        lists.write_bytes(b"broken")
    assert len(someone.asked) == 1


def test_a_card_that_is_revoked_while_the_user_reads_signs_nothing(
    desk: Desk, someone: Someone, authority: Authority, issued: Issued, tmp_path: Path
) -> None:
    ca, lists = tmp_path / "ca.pem", tmp_path / "revoked.crl"
    ca.write_bytes(authority.issued.certificate_pem())
    lists.write_bytes(authority.revocations([]))
    desk.trust = Trust(ca, lists)
    someone.meanwhile = lambda: void(lists.write_bytes(authority.revocations([issued.certificate])))
    with refused("REVOKED"):
        desk.sign(SITE, PROPOSAL)


def void(_: object) -> None:
    pass


def test_a_card_of_an_unknown_authority_signs_nothing(
    desk: Desk, someone: Someone, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_bytes(Authority.create("Else").issued.certificate_pem())
    desk.trust = Trust(tmp_path / "ca.pem")
    with refused("NOT_OUR_CARD"):
        desk.sign(SITE, PROPOSAL)
    assert not someone.asked


def test_without_readable_trust_files_nothing_is_signed_until_they_are(
    desk: Desk, authority: Authority, tmp_path: Path
) -> None:
    ca = tmp_path / "ca.pem"
    desk.trust = Trust(ca)
    with refused("TRUST_FILES"):
        desk.sign(SITE, PROPOSAL)
    ca.write_bytes(authority.issued.certificate_pem())
    assert desk.sign(SITE, PROPOSAL)


@pytest.mark.parametrize("after", ["gone", "another"])
def test_a_card_that_is_changed_while_the_user_reads_signs_nothing(
    chip: Chip, authority: Authority, after: str
) -> None:
    other = authority.issue(replace(OPERATOR, holder="王大为", card="C2"))
    later = {"gone": None, "another": Chip(other.key, other.certificate, PIN)}[after]
    drawer = Drawer({"one": chip})
    desk = Desk([drawer], Someone(meanwhile=lambda: drawer.chips.update(one=later)))
    with refused("REMOVED"):
        desk.sign(SITE, PROPOSAL)


def test_a_second_operation_meanwhile_is_refused(desk: Desk, someone: Someone) -> None:
    found: list[str] = []

    def meanwhile() -> None:
        def second() -> None:
            with refused("BUSY"):
                desk.sign("https://other.example", PROPOSAL)
            found.append("refused")

        thread = threading.Thread(target=second)
        thread.start()
        thread.join()

    someone.meanwhile = meanwhile
    desk.sign(SITE, PROPOSAL)
    assert found == ["refused"]


def test_a_site_asks_only_so_often_a_minute(desk: Desk, someone: Someone) -> None:
    desk = Desk(desk.backends, someone, Limits(a_minute=3))
    for _ in range(3):
        desk.sign(SITE, PROPOSAL)
    with refused("TOO_OFTEN"):
        desk.sign(SITE, PROPOSAL)
    assert len(someone.asked) == 3
    desk.sign("https://other.example", PROPOSAL)


def test_a_kind_of_card_that_cannot_be_looked_at_keeps_no_other_from_signing(
    chip: Chip, someone: Someone
) -> None:
    broken, empty = Drawer({}, "broken", trouble="NO_SERVICE"), Drawer({"two": None}, "empty")
    assert Desk([broken, Drawer({"one": chip})], someone).sign(SITE, PROPOSAL)
    for backends in ([broken], [broken, empty], [empty, broken]):
        with refused("NO_SERVICE"):
            Desk(backends, someone).sign(SITE, PROPOSAL)
