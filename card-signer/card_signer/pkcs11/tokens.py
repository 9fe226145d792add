"""The slots of a PKCS#11 module, and the tokens in them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pkcs11 import SlotFlag, TokenFlag

from card_signer.card import Card, Slot
from card_signer.pkcs11.card import TokenCard
from card_signer.pkcs11.module import Module
from card_signer.troubles import Trouble


class Pkcs11Backend:
    """Every slot of one module."""

    name = "pkcs11"

    def __init__(self, module: Path) -> None:
        self._module = Module(module)

    def slots(self) -> Sequence[Slot]:
        """The slots now. Raises Trouble DRIVER, FAILED."""
        with self._module.alone(), self._module.speaking() as library:
            return [
                Slot(self.name, _name(slot), SlotFlag.TOKEN_PRESENT in slot.flags)
                for slot in library.get_slots()
            ]

    @contextmanager
    def open(self, slot: Slot) -> Iterator[Card]:
        """The token in a slot. Raises Trouble NO_CARD, BLANK, DRIVER, FAILED."""
        with self._module.alone():
            with self._module.speaking("NO_CARD") as library:
                token = _token(library, slot)
                session = token.open()
            try:
                yield TokenCard(self._module, token, session)
            finally:
                self._module.close(session)


def _token(library: Any, wanted: Slot) -> Any:
    for slot in library.get_slots():
        if _name(slot) == wanted.name:
            token = slot.get_token()
            if TokenFlag.TOKEN_INITIALIZED not in token.flags:
                raise Trouble("BLANK")
            return token
    raise Trouble("NO_CARD")


def _name(slot: Any) -> str:
    """Modules give several slots one description."""
    return f"{slot.slot_description} ({slot.slot_id})"
