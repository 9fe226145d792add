"""The real smart card service, with a virtual reader and our card in it: PC/SC as it is."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from card_signer.card import CardSigner
from card_signer.desk import Desk
from card_signer.pin import Pin
from libs.signing.pki import Issued
from sandbox.card.applet import PivCard as Chip
from sandbox.card.reader import Inserted, insert
from sandbox.card.service import Service
from tests.card.conftest import PIN, SITE, Someone, refused
from tests.card.reader import put_in, slot_with_card, take_out, until
from tests.card.test_desk import NONCE, PROPOSAL

pcsc = pytest.importorskip("card_signer.pcsc", reason="pyscard is not here")
pytestmark = pytest.mark.card
WRONG = "135791"


def test_the_reader_is_listed_without_and_with_a_card(service: Service, chip: Chip) -> None:
    assert next(slot.name for slot in pcsc.PcscBackend().slots()).startswith("Virtual PCD")
    assert slot_with_card() is None
    card = insert(chip, service.port)
    assert until(lambda: slot_with_card() is not None) < 2
    card.pull()
    assert until(lambda: slot_with_card() is None) < 2


def test_a_signature_over_pcsc_fits_the_certificate(inserted: Inserted, issued: Issued) -> None:
    backend, slot = pcsc.PcscBackend(), slot_with_card()
    assert slot
    with backend.open(slot) as card, Pin.typed(PIN) as pin:
        assert card.certificate == issued.certificate.public_bytes(Encoding.DER)
        signer = CardSigner(card, pin)
        key = issued.certificate.public_key()
        assert signer.suite.verify(key, signer.sign(b"data"), b"data")


def test_the_next_program_does_not_find_the_pin_shown(inserted: Inserted, chip: Chip) -> None:
    desk = Desk([pcsc.PcscBackend()], Someone())
    desk.login(SITE, NONCE)
    with desk.looking() as (card, _):
        assert card.tries_left() == 3  # asked, not None: the PIN would be needed


def test_three_wrong_pins_and_it_is_told_to_be_locked(inserted: Inserted) -> None:
    desk = Desk([pcsc.PcscBackend()], Someone(pin=WRONG))
    for code in ("PIN_WRONG", "PIN_WRONG", "LAST_TRY"):
        with refused(code):
            desk.sign(SITE, PROPOSAL)
    slot = slot_with_card()
    assert slot
    with pcsc.PcscBackend().open(slot) as card, Pin.typed(WRONG) as pin, refused("PIN_LOCKED"):
        card.verify_pin(pin)
    with refused("PIN_LOCKED"):
        desk.sign(SITE, PROPOSAL)


@pytest.mark.parametrize("commands", range(1, 8))
def test_a_card_that_is_pulled_at_each_step_signs_nothing(
    service: Service, chip: Chip, commands: int
) -> None:
    """After the n-th command; and the next card works."""
    left = commands
    answer = chip.answer

    def until_pulled(command: bytes) -> bytes:
        nonlocal left
        left -= 1
        if not left:
            raise OSError("pulled")
        return answer(command)

    chip.answer = until_pulled  # type: ignore[method-assign]
    card = put_in(chip, service)
    with pytest.raises(Exception, match=r"^(REMOVED|NO_CARD|GARBLED|NOT_OUR_CARD):"):
        Desk([pcsc.PcscBackend()], Someone()).login(SITE, NONCE)
    take_out(card)


def test_it_was_pulled_late_enough(inserted: Inserted, chip: Chip) -> None:
    """A whole login takes more commands than the test above pulls after."""
    seen = 0
    answer = chip.answer

    def counted(command: bytes) -> bytes:
        nonlocal seen
        seen += 1
        return answer(command)

    chip.answer = counted  # type: ignore[method-assign]
    Desk([pcsc.PcscBackend()], Someone()).login(SITE, NONCE)
    assert seen > 7


class Rude(Chip):
    """Answers everything with the same bytes."""

    told = b""

    def answer(self, command: bytes) -> bytes:
        return self.told


@pytest.mark.parametrize("told", [b"\x90\x00", b"\xff" * 258, b"\x00" * 40])
def test_a_card_that_talks_nonsense_is_told(service: Service, issued: Issued, told: bytes) -> None:
    chip = Rude(issued.key, issued.certificate, PIN)
    chip.told = told
    card = put_in(chip, service)
    with pytest.raises(Exception, match=r"^(REMOVED|NO_CARD|GARBLED|NOT_OUR_CARD):"):
        Desk([pcsc.PcscBackend()], Someone()).login(SITE, NONCE)
    take_out(card)


def test_without_the_service_that_is_what_is_told(service: Service) -> None:
    service.stop()
    try:
        with refused("NO_SERVICE"):
            Desk([pcsc.PcscBackend()], Someone()).slots()
    finally:
        service.start(instead=True)
