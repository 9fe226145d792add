"""One token of a library, from when it is connected: calls that know when it was taken out."""

from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import byref, c_void_p
from dataclasses import dataclass

from card_signer.skf import library
from card_signer.skf.library import Library
from card_signer.skf.results import OK, is_known, trouble_of
from card_signer.troubles import Trouble


@dataclass(frozen=True)
class Token:
    """A token by its name. Every method but `ask` may raise Trouble REMOVED and GARBLED."""

    library: Library
    device: bytes

    def ask(self, name: str, *arguments: object) -> int:
        """Call SKF_`name`; what it says (SAR_…)."""
        return self.library.ask(name, *arguments)

    def do(self, name: str, *arguments: object) -> None:
        """Call SKF_`name`. Raises the Trouble that its result stands for."""
        self.check(name, self.ask(name, *arguments))

    def check(self, name: str, result: int) -> None:
        """Raises the Trouble that a result of SKF_`name` stands for."""
        if result == OK:
            return
        if not is_known(result) and self.device not in self.library.devices():
            raise Trouble("REMOVED")  # not every library has a result for it
        raise trouble_of(name, result)

    def names(self, name: str, *arguments: object) -> list[bytes]:
        """A list of names."""
        return library.names(self.do, name, *arguments)

    def told(self, bytes_max: int, name: str, *arguments: object) -> bytes:
        """What a function with a buffer tells."""
        return library.told(self.do, bytes_max, name, *arguments)

    @contextmanager
    def opened(self, what: str, close: str, *arguments: object) -> Iterator[c_void_p]:
        """A handle, for as long as it is needed."""
        handle = c_void_p()
        self.do(what, *arguments, byref(handle))
        try:
            yield handle
        finally:
            self.ask(close, handle)  # of a token that was taken out it may fail
