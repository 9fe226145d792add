"""The card's side of PIV (SP 800-73-4): what it holds, and what it answers to each command.

Shares no code with any program that uses cards: two readings of the standard meet on the wire.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils

from sandbox.card.objects import AID, objects, tlv

TRIES = 3
_PIN_BYTES = 8

OK = 0x9000
WRONG_LENGTH, NOT_SATISFIED, BLOCKED = 0x6700, 0x6982, 0x6983
WRONG_DATA, NOT_FOUND, WRONG_P1P2, NO_REFERENCE = 0x6A80, 0x6A82, 0x6A86, 0x6A88
NO_INS, NO_CLA = 0x6D00, 0x6E00
_TRIES_LEFT, _MORE = 0x63C0, 0x6100
_CHAIN = 0x10
_PIECE = 256
_HEADER_BYTES = 4
_RID_BYTES = 5
_SELECT, _GET_RESPONSE = 0xA4, 0xC0
_CARD_PIN, _SIGNATURE_KEY = 0x80, 0x9C
_P256, _RSA_2048, _P256_BYTES = 0x11, 0x07, 32

Answer = tuple[bytes, int]
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass
class PivCard:
    """One card, as it is while it has power; `key` signs, `pin` is at most eight digits."""

    key: Key
    certificate: x509.Certificate
    pin: str
    tries: int = TRIES
    shown: bool = False  # the PIN, since the last reset
    fresh: bool = False  # and no signature since
    selected: bool = False
    _chained: bytearray = field(default_factory=bytearray)
    _rest: bytes = b""

    def reset(self) -> None:
        """What power off and on does."""
        self.shown = self.fresh = self.selected = False
        self._chained.clear()
        self._rest = b""

    def answer(self, command: bytes) -> bytes:
        """One APDU in, its answer with the status word out."""
        data, status = self._answer(command)
        return data + status.to_bytes(2, "big")

    def _answer(self, command: bytes) -> Answer:
        if len(command) < _HEADER_BYTES:  # CLA INS P1 P2
            return b"", WRONG_LENGTH
        cla, ins, p1, p2 = command[:4]
        if cla & ~_CHAIN:
            return b"", NO_CLA
        if (fields := _fields(command[4:])) is None:
            return b"", WRONG_LENGTH
        data, wanted = fields
        if ins != _GET_RESPONSE:
            self._chained += data
            if cla & _CHAIN:
                return b"", OK
            data = bytes(self._chained)
            self._chained.clear()
            self._rest, status = self._act(ins, p1, p2, data)
            if status != OK:
                return b"", status
        return self._piece(wanted)

    def _act(self, ins: int, p1: int, p2: int, data: bytes) -> Answer:
        if (act := self._acts().get(ins)) is None:
            return b"", NO_INS
        if not self.selected and ins != _SELECT:
            return b"", NOT_FOUND
        return act(p1, p2, data)

    def _piece(self, wanted: int) -> Answer:
        """As much as was asked for, and how much is left: 00 for 256 bytes and more."""
        piece, self._rest = self._rest[:wanted], self._rest[wanted:]
        left = len(self._rest)
        return piece, _MORE | (left if left < _PIECE else 0) if left else OK

    def _acts(self) -> dict[int, Callable[[int, int, bytes], Answer]]:
        return {
            _SELECT: self._select,
            0xCB: self._get_data,
            0x20: self._verify,
            0x24: self._change,
            0x87: self._authenticate,
        }

    def _select(self, p1: int, p2: int, data: bytes) -> Answer:
        if not data or not AID.startswith(data) or len(data) < _RID_BYTES:  # the RID
            return b"", NOT_FOUND
        self.selected = True
        authority = tlv("79", tlv("4F", AID[:5]))
        return tlv("61", tlv("4F", AID[5:]) + authority), OK

    def _get_data(self, p1: int, p2: int, data: bytes) -> Answer:
        if (p1, p2) != (0x3F, 0xFF):
            return b"", WRONG_P1P2
        if data[:1] != b"\x5c":
            return b"", WRONG_DATA
        wanted = data[2 : 2 + data[1]].hex().upper() if len(data) > 1 else ""
        found = objects(self.certificate).get(wanted)
        return (found, OK) if found is not None else (b"", NOT_FOUND)

    def _verify(self, p1: int, p2: int, data: bytes) -> Answer:
        if p2 != _CARD_PIN:  # the card's own PIN
            return b"", NO_REFERENCE
        if not data:
            return b"", OK if self.shown else self._left()
        return b"", self._shown(data)

    def _change(self, p1: int, p2: int, data: bytes) -> Answer:
        if p2 != _CARD_PIN:
            return b"", NO_REFERENCE
        if len(data) != 2 * _PIN_BYTES:
            return b"", WRONG_LENGTH
        status = self._shown(data[:_PIN_BYTES])
        if status == OK:
            self.pin = data[_PIN_BYTES:].rstrip(b"\xff").decode("ascii")
        return b"", status

    def _shown(self, data: bytes) -> int:
        if len(data) != _PIN_BYTES:
            return WRONG_LENGTH
        if not self.tries:
            return BLOCKED
        if data.rstrip(b"\xff") != self.pin.encode():
            self.tries -= 1
            self.shown = self.fresh = False
            return self._left()
        self.tries, self.shown, self.fresh = TRIES, True, True
        return OK

    def _left(self) -> int:
        return _TRIES_LEFT | self.tries if self.tries else BLOCKED

    def _authenticate(self, p1: int, p2: int, data: bytes) -> Answer:
        if p2 != _SIGNATURE_KEY:  # the signature key, the only one here
            return b"", WRONG_P1P2
        if not self.fresh:  # this key wants the PIN before each use
            return b"", NOT_SATISFIED
        self.fresh = False
        at = data.find(b"\x81", 2)
        if data[:1] != b"\x7c" or at < 0:
            return b"", WRONG_DATA
        challenge = _value(data[at:])
        signature = _signed(self.key, p1, challenge)
        if signature is None:
            return b"", WRONG_DATA
        return tlv("7C", tlv("82", signature)), OK


def _fields(rest: bytes) -> tuple[bytes, int] | None:
    """What stands behind a short APDU's header: its data, and how many bytes it asks for.

    None when lengths do not fit.
    """
    if len(rest) <= 1:
        return b"", rest[0] if rest and rest[0] else _PIECE
    size, body = rest[0], rest[1:]
    if len(body) not in {size, size + 1}:
        return None
    return body[:size], body[size] if body[size:] and body[size] else _PIECE


def _value(data: bytes) -> bytes:
    size, at = data[1], 2
    if size & 0x80:
        at += size & 0x7F
        size = int.from_bytes(data[2:at], "big")
    return data[at : at + size]


def _signed(key: Key, algorithm: int, challenge: bytes) -> bytes | None:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        if algorithm != _P256 or len(challenge) != _P256_BYTES:  # ECC P-256
            return None
        return key.sign(challenge, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    if algorithm != _RSA_2048 or len(challenge) != key.key_size // 8:  # RSA 2048
        return None
    numbers = key.private_numbers()  # the card's own operation: the challenge is padded already
    n = numbers.public_numbers.n
    return pow(int.from_bytes(challenge, "big"), numbers.d, n).to_bytes(key.key_size // 8, "big")
