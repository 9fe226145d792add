"""A PKCS#11 module in this process: for one thread at a time, and begun anew after an error."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pkcs11
from pkcs11 import exceptions as ckr

from card_signer.troubles import Trouble

# what a module's refusals mean; any other is FAILED
_MEANS: Mapping[type[Exception], str] = {
    ckr.PinIncorrect: "PIN_WRONG",
    ckr.PinLocked: "PIN_LOCKED",
    ckr.PinInvalid: "PIN_FORM",
    ckr.PinLenRange: "PIN_FORM",
    ckr.PinTooWeak: "PIN_FORM",
    ckr.UserPinNotInitialized: "BLANK",
    ckr.TokenNotRecognised: "NOT_OUR_CARD",
    ckr.TokenNotPresent: "REMOVED",
    ckr.DeviceRemoved: "REMOVED",
    ckr.SessionHandleInvalid: "REMOVED",
    ckr.SessionClosed: "REMOVED",
    ckr.SlotIDInvalid: "REMOVED",
}
_UNKNOWN = "?"  # how many PIN tries are left


@dataclass
class Module:
    """One module. It is told that it is used by one thread at a time, so it has to be."""

    path: Path
    _one: threading.RLock = field(default_factory=threading.RLock)
    _is_found: bool = False
    _is_spoilt: bool = False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else speaks to it meanwhile.

        After an error it is finalised at the end: that logs out, closes what a refused log-in or a
        token that went has left open, and makes it forget a card that was changed unnoticed.
        """
        with self._one:
            try:
                yield
            except BaseException:
                self._is_spoilt = True
                raise
            finally:
                if self._is_spoilt:
                    self._is_spoilt = False
                    with suppress(ckr.PKCS11Error, Trouble):
                        self._library().finalize()

    @contextmanager
    def speaking(self, gone: str = "REMOVED") -> Iterator[Any]:
        """The module's functions. Raises the Trouble that a refusal stands for; DRIVER."""
        library = self._library()
        try:
            yield library
        except ckr.PKCS11Error as error:
            self._is_spoilt = True
            code = _MEANS.get(type(error), "FAILED")
            name = f"{type(error).__name__} {error}".strip()
            code = gone if code == "REMOVED" else code
            raise Trouble(code, what=name, left=_UNKNOWN) from None

    def close(self, session: Any) -> None:
        """Log out and close; what a token has to say against it is of no use to anybody."""
        try:
            session.close()
        except ckr.PKCS11Error:
            self._is_spoilt = True

    def _library(self) -> Any:
        if not (self._is_found or self.path.is_file()):  # a bare name is looked for elsewhere
            raise self._unusable("无此文件 no such file")
        self._is_found = True
        try:
            return pkcs11.lib(str(self.path))
        except ckr.PKCS11Error as error:
            raise self._unusable(str(error) or type(error).__name__) from None

    def _unusable(self, why: str) -> Trouble:
        return Trouble("DRIVER", what=f"{self.path}: {why}", setting="CARD_SIGNER_PKCS11")
