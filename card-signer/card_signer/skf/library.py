"""A token's own library: the functions of GM/T 0016 that are needed, bound through ctypes.

How wide a ULONG is, the standard leaves to the system: four bytes on Windows and in the headers
for Linux that are public, eight where a maker wrote `unsigned long`. Nothing here depends on it: a
number goes in as a whole machine word and comes out into eight bytes that were zero; of a result
the low four bytes count; no structure with a ULONG in it is used.

The library is its maker's code and runs in this process: its file must be as trusted as the
program itself.
"""

import ctypes
import sys
from collections.abc import Callable
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Any

from card_signer.skf.results import OK, trouble_of
from card_signer.troubles import Trouble

NUMBERS_BYTES = 64  # of r and of s: room for longer keys, the number at the end
_NAMES_BYTES_MAX = 64 * 1024
_TRUE = 1
_OUT = POINTER(c_uint64)
_HANDLE_OUT = POINTER(c_void_p)
Do = Callable[..., None]  # name and arguments of a call; raises the Trouble that its result means


class EccSignature(ctypes.Structure):
    """ECCSIGNATUREBLOB."""

    _fields_ = (("r", ctypes.c_ubyte * NUMBERS_BYTES), ("s", ctypes.c_ubyte * NUMBERS_BYTES))


_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "EnumDev": (c_int, c_char_p, _OUT),
    "ConnectDev": (c_char_p, _HANDLE_OUT),
    "DisConnectDev": (c_void_p,),
    "EnumApplication": (c_void_p, c_char_p, _OUT),
    "OpenApplication": (c_void_p, c_char_p, _HANDLE_OUT),
    "CloseApplication": (c_void_p,),
    "GetPINInfo": (c_void_p, c_size_t, _OUT, _OUT, _OUT),
    "VerifyPIN": (c_void_p, c_size_t, c_char_p, _OUT),
    "ChangePIN": (c_void_p, c_size_t, c_char_p, c_char_p, _OUT),
    "ClearSecureState": (c_void_p,),
    "EnumContainer": (c_void_p, c_char_p, _OUT),
    "OpenContainer": (c_void_p, c_char_p, _HANDLE_OUT),
    "CloseContainer": (c_void_p,),
    "ExportCertificate": (c_void_p, c_int, c_char_p, _OUT),
    "ECCSignData": (c_void_p, c_char_p, c_size_t, POINTER(EccSignature)),
}


class Library:
    """An open library. Raises Trouble DRIVER when the file is none."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise _unusable(f"{path}: 文件不存在 no such file")
        try:
            loaded = _load(str(path.resolve()))
            self._functions = {name: _bound(loaded, name) for name in _FUNCTIONS}
        except (OSError, AttributeError) as error:
            raise _unusable(str(error)) from None

    def ask(self, name: str, *arguments: object) -> int:
        """Call SKF_`name`; what it says (SAR_…)."""
        return int(self._functions[name](*arguments))

    def devices(self) -> list[bytes]:
        """The names of the tokens that are there now. Raises Trouble GARBLED."""
        return names(self._do, "EnumDev", _TRUE)

    def _do(self, name: str, *arguments: object) -> None:
        if (result := self.ask(name, *arguments)) != OK:
            raise trouble_of(name, result)


def told(do: Do, bytes_max: int, name: str, *arguments: object) -> bytes:
    """What a function with a buffer and its length at the end tells. Raises Trouble."""
    buffer, length = ctypes.create_string_buffer(bytes_max), c_uint64(bytes_max)
    do(name, *arguments, buffer, byref(length))
    if length.value > bytes_max:
        raise Trouble("GARBLED", what=f"SKF_{name}: {length.value} bytes")
    return buffer.raw[: length.value]


def names(do: Do, name: str, *arguments: object) -> list[bytes]:
    """A list of names, as SKF_Enum… tell it: each ends with a 0, the last with two."""
    whole = told(do, _NAMES_BYTES_MAX, name, *arguments).partition(b"\0\0")[0]
    return [each for each in whole.split(b"\0") if each]


def _unusable(what: str) -> Trouble:
    return Trouble("DRIVER", what=what, setting="CARD_SIGNER_SKF")


def _load(path: str) -> ctypes.CDLL:
    if sys.platform == "win32":
        return ctypes.WinDLL(path)
    return ctypes.CDLL(path)


def _bound(loaded: ctypes.CDLL, name: str) -> Callable[..., int]:
    function = getattr(loaded, f"SKF_{name}")
    function.argtypes, function.restype = _FUNCTIONS[name], c_uint32
    return function  # type: ignore[no-any-return]  # ctypes knows no signatures
