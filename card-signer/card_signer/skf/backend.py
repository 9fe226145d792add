"""The tokens that one library knows."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from ctypes import c_void_p
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from card_signer.card import Card, Slot
from card_signer.lines import printable
from card_signer.skf.card import SkfCard, sm2_key
from card_signer.skf.library import Library
from card_signer.skf.token import Token
from card_signer.troubles import Trouble

_SIGNING = 1  # of a container's two certificates
_CERTIFICATE_BYTES_MAX = 16 * 1024


@dataclass(frozen=True)
class SkfBackend:
    """A library of GM/T 0016 and its tokens. Libraries are not made for two callers at once."""

    path: Path
    name: str = "skf"
    _one: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def slots(self) -> Sequence[Slot]:
        """The tokens now; each is reader and card in one. Raises Trouble DRIVER."""
        with self._one:
            return [Slot(self.name, _shown(device), True) for device in self._library.devices()]

    @contextmanager
    def open(self, slot: Slot) -> Iterator[Card]:
        """The first container with an SM2 signing certificate. Raises Trouble NO_CARD."""
        with self._one:
            token = self._token(slot)
            with ExitStack() as stack:
                try:
                    connected = token.opened("ConnectDev", "DisConnectDev", token.device)
                    handle = stack.enter_context(connected)
                except Trouble as trouble:
                    raise Trouble("NO_CARD") if trouble.code == "REMOVED" else trouble from None
                yield _card(token, handle, stack)

    @cached_property
    def _library(self) -> Library:
        return Library(self.path)

    def _token(self, slot: Slot) -> Token:
        for device in self._library.devices():
            if _shown(device) == slot.name:
                return Token(self._library, device)
        raise Trouble("NO_CARD")


def _card(token: Token, connected: c_void_p, stack: ExitStack) -> Card:
    """The first that is found; what holds it stays open as long as `stack`."""
    for name in token.names("EnumApplication", connected):
        with ExitStack() as tried:
            application = tried.enter_context(_application(token, connected, name))
            for container in token.names("EnumContainer", application):
                card = _card_of(token, application, container, tried)
                if card is not None:
                    stack.enter_context(tried.pop_all())
                    return card
    raise Trouble("NOT_OUR_CARD", what="SM2")


@contextmanager
def _application(token: Token, connected: c_void_p, name: bytes) -> Iterator[c_void_p]:
    with token.opened("OpenApplication", "CloseApplication", connected, name) as application:
        try:
            yield application
        finally:
            token.ask("ClearSecureState", application)  # nobody finds it with its PIN shown


def _card_of(token: Token, application: c_void_p, name: bytes, stack: ExitStack) -> Card | None:
    """The card of a container; None when it has no SM2 certificate for signing."""
    with ExitStack() as tried:
        container = tried.enter_context(
            token.opened("OpenContainer", "CloseContainer", application, name)
        )
        try:
            certificate = token.told(
                _CERTIFICATE_BYTES_MAX, "ExportCertificate", container, _SIGNING
            )
            sm2_key(certificate)
        except Trouble as trouble:
            if trouble.code == "NOT_OUR_CARD":
                return None
            raise
        stack.enter_context(tried.pop_all())
        return SkfCard(token, application, container, certificate)


def _shown(device: bytes) -> str:
    """A token's name as people read it; libraries write it in UTF-8 or GB 18030."""
    try:
        return printable(device.decode())
    except UnicodeDecodeError:
        return printable(device.decode("gb18030", "backslashreplace"))
