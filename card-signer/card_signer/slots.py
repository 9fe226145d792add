"""Where cards are, among all kinds of them."""

from collections.abc import Sequence

from card_signer.card import Backend, Slot
from card_signer.troubles import Trouble


def every(backends: Sequence[Backend]) -> list[Slot]:
    """Every place for a card, of all kinds.

    A kind that cannot be looked at is no obstacle to a card of another kind; without such a card
    its Trouble (NO_SERVICE, …) is raised.
    """
    found: list[Slot] = []
    first: Trouble | None = None
    for backend in backends:
        try:
            found += backend.slots()
        except Trouble as trouble:
            first = first or trouble
    if first is not None and not any(slot.has_card for slot in found):
        raise first
    return found


def full(backends: Sequence[Backend]) -> list[Slot]:
    """Those with a card in them. Raises Trouble NO_READER, NO_CARD when there are none."""
    slots = every(backends)
    if not slots:
        raise Trouble("NO_READER")
    if not (found := [slot for slot in slots if slot.has_card]):
        raise Trouble("NO_CARD")
    return found


def backend_of(backends: Sequence[Backend], slot: Slot) -> Backend:
    """The backend whose slot it is."""
    return next(each for each in backends if each.name == slot.backend)
