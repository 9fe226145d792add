"""One container of a token: its signing certificate, the PIN of its application, its signatures."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import Array, byref, c_char, c_uint64, c_void_p
from dataclasses import dataclass

from card_signer.card import key_of_certificate
from card_signer.pin import Pin
from card_signer.skf.library import NUMBERS_BYTES, EccSignature
from card_signer.skf.results import PIN_INCORRECT
from card_signer.skf.token import Token
from card_signer.troubles import Trouble
from libs.signing.sm2 import BYTES, ORDER, PublicKey

_USER = 1
_TRIES_MAX = 255
_PADDING = bytes(NUMBERS_BYTES - BYTES)


@dataclass(frozen=True)
class SkfCard:
    """An open container of an open application of a connected token."""

    token: Token
    application: c_void_p
    container: c_void_p
    certificate: bytes

    def tries_left(self) -> int | None:
        """What the token says; 0 is locked."""
        most, left, is_default = c_uint64(), c_uint64(), c_uint64()
        self.token.do(
            "GetPINInfo", self.application, _USER, byref(most), byref(left), byref(is_default)
        )
        return _tries(left)

    def verify_pin(self, pin: Pin) -> None:
        """Raises Trouble PIN_WRONG, PIN_LOCKED."""
        with _text(pin) as typed:
            self._try("VerifyPIN", typed)

    def change_pin(self, old: Pin, new: Pin) -> None:
        """Raises Trouble PIN_WRONG, PIN_LOCKED, PIN_FORM."""
        with _text(old) as before, _text(new) as after:
            self._try("ChangePIN", before, after)

    def sign(self, data: bytes, pin: Pin) -> bytes:
        """r ‖ s over `data`; the token is given its digest only, and may not hash that again."""
        key = sm2_key(self.certificate)
        digest = key.digest(data)
        self.verify_pin(pin)
        found = EccSignature()
        self.token.do("ECCSignData", self.container, digest, len(digest), byref(found))
        signature = _number(bytes(found.r)) + _number(bytes(found.s))
        if not key.verify(signature, data):
            raise Trouble("GARBLED", what="签名与证书不符 signature does not fit the certificate")
        return signature

    def _try(self, name: str, *pins: Array[c_char]) -> None:
        left = c_uint64()
        result = self.token.ask(name, self.application, _USER, *pins, byref(left))
        if result == PIN_INCORRECT:
            if not (tries := _tries(left)):
                raise Trouble("PIN_LOCKED")
            raise Trouble("PIN_WRONG", left=tries)
        self.token.check(name, result)


def sm2_key(certificate: bytes) -> PublicKey:
    """The key of a certificate, DER. Raises Trouble NOT_OUR_CARD when it is no SM2 key."""
    key = key_of_certificate(certificate)
    if not isinstance(key, PublicKey):
        raise Trouble("NOT_OUR_CARD", what="SM2")
    return key


def _tries(told: c_uint64) -> int:
    if told.value > _TRIES_MAX:
        raise Trouble("GARBLED", what=f"PIN: {told.value}")
    return told.value


def _number(told: bytes) -> bytes:
    """One number of a signature. Raises Trouble GARBLED."""
    number = told.removeprefix(_PADDING)
    if len(number) != BYTES or not 0 < int.from_bytes(number, "big") < ORDER:
        raise Trouble("GARBLED", what="SKF_ECCSignData")
    return number


@contextmanager
def _text(pin: Pin) -> Iterator[Array[c_char]]:
    """The digits as a library wants them, wiped afterwards."""
    typed = ctypes.create_string_buffer(pin.characters())
    try:
        yield typed
    finally:
        ctypes.memset(typed, 0, len(typed))
