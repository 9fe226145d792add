"""PIV over APDUs: what a good card does, and what a bad one may say."""

import gzip
from dataclasses import dataclass
from functools import partial

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from card_signer.pin import Pin
from card_signer.piv import tlv
from card_signer.piv.apdu import Channel
from card_signer.piv.card import PivCard
from card_signer.troubles import Trouble
from libs.signing.pki import Issued
from sandbox.card.applet import OK, Answer
from sandbox.card.applet import PivCard as Chip
from tests.card import contract
from tests.card.conftest import PIN, channel_to, refused
from tests.card.contract import WRONG


def test_it_tells_its_certificate_and_how_many_tries_are_left(chip: Chip, issued: Issued) -> None:
    card = PivCard(channel_to(chip))
    assert card.certificate == issued.certificate.public_bytes(Encoding.DER)
    assert card.tries_left() == 3


def test_its_signatures_fit_its_certificate(chip: Chip) -> None:
    contract.signatures_fit(PivCard(channel_to(chip)))


def test_a_wrong_pin_costs_a_try_and_three_lock_it(chip: Chip) -> None:
    contract.three_wrong_pins_lock(PivCard(channel_to(chip)))


def test_a_right_pin_gives_the_tries_back(chip: Chip) -> None:
    card = PivCard(channel_to(chip))
    with Pin.typed(WRONG) as wrong, Pin.typed(PIN) as right:
        with refused("PIN_WRONG"):
            card.verify_pin(wrong)
        card.verify_pin(right)
    chip.reset()
    assert PivCard(channel_to(chip)).tries_left() == 3


def test_the_pin_is_changed(chip: Chip) -> None:
    contract.pin_is_changed(PivCard(channel_to(chip)))


@pytest.mark.parametrize("typed", ["12345", "123456789", "12345a", "abcdef"])
def test_what_cannot_be_a_pin_costs_no_try(chip: Chip, typed: str) -> None:
    card = PivCard(channel_to(chip))
    with Pin.typed(typed) as pin, Pin.typed(PIN) as right:
        for use in (
            partial(card.verify_pin, pin),
            partial(card.change_pin, pin, right),
            partial(card.change_pin, right, pin),
            partial(card.sign, b"data", pin),
        ):
            with refused("PIN_FORM"):
                use()
    assert chip.tries == 3


@pytest.mark.parametrize("typed", ["", "123", "1" * 33, "１２３４５６", " 123456", "12\x007890"])
def test_what_no_card_takes_for_a_pin_reaches_none(typed: str) -> None:
    with refused("PIN_FORM"):
        Pin.typed(typed)


def test_a_pin_is_wiped_and_never_shown() -> None:
    with Pin.typed(PIN) as pin:
        assert PIN not in repr(pin)
        held = pin._characters
    assert PIN.encode() not in bytes(held)
    assert pin.characters() == b""


def test_a_card_of_another_kind_is_told() -> None:
    with refused("NOT_OUR_CARD"):
        PivCard(Channel(lambda _: (b"", 0x6A82)))


@dataclass
class Says:
    """A card that is selected, and then says this to everything, piece after piece."""

    answers: list[Answer]

    def channel(self) -> Channel:
        told = iter([(b"", OK), *self.answers])
        return Channel(lambda _: next(told, self.answers[-1]))


def certificate(data: bytes) -> bytes:
    return tlv.encode(0x53, data)


BAD_ANSWERS: dict[str, list[Answer]] = {
    "nothing": [(b"", OK)],
    "garbage": [(b"\xff" * 40, OK)],
    "refuses": [(b"", 0x6F00)],
    "a length beyond the end": [(b"\x53\x82\xff\xff\x70\x00", OK)],
    "a length of four bytes": [(b"\x53\x84\x00\x00\x00\x01\x00", OK)],
    "an indefinite length": [(b"\x53\x80\x70\x00\x00\x00", OK)],
    "a tag that does not end": [(b"\x5f\xff\xff\xff\xff", OK)],
    "cut off": [(certificate(tlv.encode(0x70, b"x" * 300))[:100], OK)],
    "goes on for ever": [(b"x" * 256, 0x6100)],
    "goes on for ever with nothing": [(b"", 0x6101)],
    "a gzip that is none": [(certificate(tlv.encode(0x70, b"x") + tlv.encode(0x71, b"\1")), OK)],
    "a gzip bomb": [
        (
            certificate(
                tlv.encode(0x70, gzip.compress(bytes(1_000_000))) + tlv.encode(0x71, b"\1")
            ),
            OK,
        )
    ],
}


@pytest.mark.parametrize("answers", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_nonsense_is_told_as_nonsense(answers: list[Answer]) -> None:
    card = PivCard(Says(answers).channel())
    with refused("GARBLED"):
        _ = card.certificate


@pytest.mark.parametrize("data", [b"", certificate(b""), certificate(tlv.encode(0x70))])
def test_a_card_without_a_signing_certificate_is_told(data: bytes) -> None:
    status = OK if data else 0x6A82
    with refused("NOT_OUR_CARD"):
        _ = PivCard(Says([(data, status)]).channel()).certificate


def test_a_compressed_certificate_is_unpacked(issued: Issued) -> None:
    der = issued.certificate.public_bytes(Encoding.DER)
    told = certificate(tlv.encode(0x70, gzip.compress(der)) + tlv.encode(0x71, b"\1"))
    pieces = [told[at : at + 200] for at in range(0, len(told), 200)]
    answers = [(piece, 0x6100) for piece in pieces[:-1]] + [(pieces[-1], OK)]
    assert PivCard(Says(answers).channel()).certificate == der


class Lies(Chip):
    """Signs something else than it was given, or says what is no signature."""

    lie = b""

    def _authenticate(self, p1: int, p2: int, data: bytes) -> Answer:
        super()._authenticate(p1, p2, data)
        return self.lie, OK


@pytest.mark.parametrize(
    "lie",
    [
        b"",
        b"\x7c\x00",
        tlv.encode(0x7C, tlv.encode(0x82)),
        tlv.encode(0x7C, tlv.encode(0x82, b"\x30\x80")),
        tlv.encode(0x7C, tlv.encode(0x82, b"x" * 255)),
    ],
)
def test_what_is_no_signature_is_not_taken_for_one(issued: Issued, lie: bytes) -> None:
    chip = Lies(issued.key, issued.certificate, PIN)
    chip.lie = lie
    with Pin.typed(PIN) as pin, pytest.raises(Trouble, match=r"^GARBLED:"):
        PivCard(channel_to(chip)).sign(b"x", pin)
