"""A card put into the virtual reader and taken out, as the smart card service sees it."""

import time
from collections.abc import Callable

from card_signer.card import Slot
from sandbox.card.applet import PivCard as Chip
from sandbox.card.reader import Inserted, insert
from sandbox.card.service import Service


def put_in(chip: Chip, service: Service) -> Inserted:
    """The virtual reader may miss the first card after one that was pulled in a command."""
    for _ in range(5):
        card = insert(chip, service.port)
        deadline = time.monotonic() + 1.5
        while time.monotonic() < deadline:
            if slot_with_card() is not None:
                return card
            time.sleep(0.02)
        card.pull()
    raise AssertionError("the reader sees no card")


def take_out(card: Inserted) -> None:
    card.pull()
    until(lambda: slot_with_card() is None)


def slot_with_card() -> Slot | None:
    from card_signer.pcsc import PcscBackend  # where pyscard is

    return next((slot for slot in PcscBackend().slots() if slot.has_card), None)


def until(holds: Callable[[], bool], seconds: float = 5.0) -> float:
    start = time.monotonic()
    while not holds():
        assert time.monotonic() - start < seconds
        time.sleep(0.02)
    return time.monotonic() - start
