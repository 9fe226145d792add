"""PC/SC: readers, and the cards in them, through the system's smart card service.

Between the first command and the last nobody else speaks to the card, and it is reset afterwards,
so that no other program finds it with its PIN shown.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from smartcard import scard

from card_signer.card import Card, Slot
from card_signer.piv.apdu import Channel
from card_signer.piv.card import PivCard
from card_signer.troubles import Trouble

_GONE = {
    scard.SCARD_W_REMOVED_CARD,
    scard.SCARD_E_NO_SMARTCARD,
    scard.SCARD_W_RESET_CARD,
    scard.SCARD_E_READER_UNAVAILABLE,
    scard.SCARD_E_UNKNOWN_READER,
    scard.SCARD_W_UNPOWERED_CARD,
    scard.SCARD_E_NOT_TRANSACTED,  # what some readers say of a card that is pulled in a command
}
_NO_SERVICE = {scard.SCARD_E_NO_SERVICE, scard.SCARD_E_SERVICE_STOPPED}
_PROTOCOLS = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
_HEADERS = {
    scard.SCARD_PROTOCOL_T0: scard.SCARD_PCI_T0,
    scard.SCARD_PROTOCOL_T1: scard.SCARD_PCI_T1,
}
_STATUS_BYTES = 2


@dataclass(frozen=True)
class PcscBackend:
    """Every reader that the service knows."""

    name: str = "pcsc"

    def slots(self) -> Sequence[Slot]:
        """The readers now. Raises Trouble NO_SERVICE, SERVICE_FAILED."""
        with _context() as context:
            return [
                Slot(self.name, reader, bool(state & scard.SCARD_STATE_PRESENT))
                for reader, state in look(context, {}, 0).items()
            ]

    @contextmanager
    def open(self, slot: Slot) -> Iterator[Card]:
        """The PIV card in a reader. Raises Trouble NO_CARD, NOT_OUR_CARD, NO_SERVICE."""
        with _context() as context, _connected(context, slot.name) as (handle, protocol):
            _check(scard.SCardBeginTransaction(handle), "REMOVED")
            try:
                yield PivCard(Channel(lambda command: _transmit(handle, protocol, command)))
            finally:
                scard.SCardEndTransaction(handle, scard.SCARD_RESET_CARD)


def look(context: object, known: dict[str, int], wait_ms: int) -> dict[str, int]:
    """Each reader's state (SCARD_STATE_ bits), as soon as one differs from `known`, or at the end.

    Raises Trouble NO_SERVICE, SERVICE_FAILED.
    """
    result, readers = scard.SCardListReaders(context, [])
    if result == scard.SCARD_E_NO_READERS_AVAILABLE:
        return {}
    _check_service(result)
    if not readers:
        return {}
    asked = [(name, known.get(name, scard.SCARD_STATE_UNAWARE)) for name in readers]
    result, states = scard.SCardGetStatusChange(context, wait_ms, asked)
    if result == scard.SCARD_E_TIMEOUT:
        return {name: known[name] for name in readers if name in known}
    if result in _GONE:  # a reader went between the two questions
        return {}
    _check_service(result)
    return {name: state for name, state, _ in states}


@contextmanager
def _context() -> Iterator[object]:
    result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    _check_service(result)
    try:
        yield context
    finally:
        scard.SCardReleaseContext(context)


@contextmanager
def _connected(context: object, reader: str) -> Iterator[tuple[object, int]]:
    result, handle, protocol = scard.SCardConnect(
        context, reader, scard.SCARD_SHARE_SHARED, _PROTOCOLS
    )
    _check(result, "NO_CARD")
    try:
        yield handle, protocol
    finally:
        scard.SCardDisconnect(handle, scard.SCARD_RESET_CARD)


def _transmit(handle: object, protocol: int, command: bytes) -> tuple[bytes, int]:
    result, answer = scard.SCardTransmit(handle, _HEADERS[protocol], list(command))
    _check(result, "REMOVED")
    if len(answer) < _STATUS_BYTES:
        _check(scard.SCardStatus(handle)[0], "REMOVED")  # a reader may tell of it only when asked
        raise Trouble("GARBLED", what=f"{len(answer)} bytes")
    data = bytes(answer)
    return data[:-_STATUS_BYTES], int.from_bytes(data[-_STATUS_BYTES:], "big")


def _check(result: int, gone: str) -> None:
    """Raises the Trouble that a result about a card stands for."""
    if result in _GONE:
        raise Trouble(gone)
    _check_service(result, "GARBLED")


def _check_service(result: int, otherwise: str = "SERVICE_FAILED") -> None:
    """The same of a result in which no card has part: it is the service that cannot."""
    if result == scard.SCARD_S_SUCCESS:
        return
    if result in _NO_SERVICE:
        raise Trouble("NO_SERVICE")
    raise Trouble(otherwise, what=_told(result))


def _told(result: int) -> str:
    """The system's words for a result and its number, for who helps; it has none for some."""
    words = scard.SCardGetErrorMessage(result) or ""
    return f"{words} (0x{result & 0xFFFFFFFF:08X})".strip()
