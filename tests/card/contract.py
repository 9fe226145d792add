"""What every kind of card does, whatever it is made of: each kind's tests call these."""

from card_signer.card import Card, CardSigner, key_of_certificate
from card_signer.pin import Pin
from tests.card.conftest import PIN, refused

WRONG = "135791"


def signatures_fit(card: Card) -> None:
    """Its certificate, those data, and nothing else."""
    key = key_of_certificate(card.certificate)
    with Pin.typed(PIN) as pin:
        signer = CardSigner(card, pin)
        for data in (b"", b"one", b"x" * 100_000):
            signature = signer.sign(data)
            assert signer.suite.verify(key, signature, data)
            assert not signer.suite.verify(key, signature, data + b"!")


def three_wrong_pins_lock(card: Card) -> None:
    """Each costs a try, of three; then the right one does not help."""
    for left in (2, 1):
        with Pin.typed(WRONG) as pin, refused("PIN_WRONG") as wrong:
            card.sign(b"x", pin)
        assert wrong.value.told == {"left": left}
        assert card.tries_left() == left
    with Pin.typed(WRONG) as pin, refused("PIN_LOCKED"):
        card.sign(b"x", pin)
    with Pin.typed(PIN) as pin, refused("PIN_LOCKED"):
        card.verify_pin(pin)
    assert card.tries_left() == 0


def pin_is_changed(card: Card) -> None:
    """By who knows the old one only."""
    with Pin.typed(PIN) as old, Pin.typed(WRONG) as new:
        with refused("PIN_WRONG"):
            card.change_pin(new, old)
        card.change_pin(old, new)
        card.verify_pin(new)
        with refused("PIN_WRONG"):
            card.verify_pin(old)
