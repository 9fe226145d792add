"""SM2 signatures over SM3 (GB/T 32918.2 and .5; the usual user id is GM/T 0009's).

The arithmetic on the curve is python-ecdsa's. It is not in constant time: whoever can measure how
long a private operation takes can learn the key. **Private keys here are for development cards and
tests only**: real ones are in tokens, which sign themselves (card-signer, GM/T 0016). Verifying
handles nothing secret.
"""

import secrets
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from importlib import import_module
from typing import Any

from cryptography.hazmat.primitives.hashes import SM3, Hash

BYTES = 32  # of a coordinate, a private key, r, s and a digest
SIGNATURE_BYTES = 2 * BYTES
POINT_BYTES = 1 + 2 * BYTES
USER_ID = b"1234567812345678"
OFTEN = 20  # verifications with one key, until which a table of its multiples would not pay
KEYS_MAX = 128  # that are remembered, at 45 KB a table
_UNCOMPRESSED = b"\x04"

# GB/T 32918.5
_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_A = _P - 3
_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_GX = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7
_GY = 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123


def sm3(data: bytes) -> bytes:
    """The SM3 digest, 32 bytes."""
    hashing = Hash(SM3())
    hashing.update(data)
    return hashing.finalize()


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A point of the curve. Raises ValueError for coordinates that are none."""

    x: int
    y: int

    def __post_init__(self) -> None:
        x, y = self.x, self.y
        if not (0 <= x < _P and 0 <= y < _P and (y * y - (x**3 + _A * x + _B)) % _P == 0):
            raise ValueError("not a point of the SM2 curve")

    @classmethod
    def from_point(cls, point: bytes) -> "PublicKey":
        """From 04 ‖ x ‖ y, 65 bytes. Raises ValueError."""
        if len(point) != POINT_BYTES or not point.startswith(_UNCOMPRESSED):
            raise ValueError("an SM2 key is 04, x and y, 32 bytes each")
        return cls(
            int.from_bytes(point[1 : 1 + BYTES], "big"), int.from_bytes(point[1 + BYTES :], "big")
        )

    @property
    def point(self) -> bytes:
        """04 ‖ x ‖ y, 65 bytes."""
        return _UNCOMPRESSED + _bytes(self.x) + _bytes(self.y)

    def digest(self, data: bytes) -> bytes:
        """What is signed for `data` by this key's holder: SM3 over ZA and the data, 32 bytes."""
        bits = (8 * len(USER_ID)).to_bytes(2, "big")
        curve = b"".join(_bytes(number) for number in (_A, _B, _GX, _GY))
        return sm3(sm3(bits + USER_ID + curve + self.point[1:]) + data)

    def verify(self, signature: bytes, data: bytes) -> bool:
        """Whether `signature`, r ‖ s in 64 bytes, is this key's over `data`."""
        if len(signature) != SIGNATURE_BYTES:
            return False
        r, s = (int.from_bytes(half, "big") for half in (signature[:BYTES], signature[BYTES:]))
        both = (r + s) % ORDER
        if not (0 < r < ORDER and 0 < s < ORDER and both):
            return False
        x = _base().mul_add(s, _met(self.x, self.y).point(), both).x()
        if x is None:  # the point at infinity
            return False
        return bool((int.from_bytes(self.digest(data), "big") + x) % ORDER == r)


@dataclass(frozen=True)
class PrivateKey:
    """A number from 1 to the order less 2. Raises ValueError for another."""

    number: int = field(repr=False)

    def __post_init__(self) -> None:
        if not 0 < self.number < ORDER - 1:
            raise ValueError("an SM2 private key is a number from 1 to n - 2")

    @classmethod
    def generate(cls) -> "PrivateKey":
        """A new key."""
        return cls(1 + secrets.randbelow(ORDER - 2))

    @cached_property
    def public(self) -> PublicKey:
        """The public key."""
        point = (_base() * self.number).to_affine()
        return PublicKey(int(point.x()), int(point.y()))

    def sign(self, data: bytes) -> bytes:
        """A signature over `data`: r ‖ s, 64 bytes."""
        digest = int.from_bytes(self.public.digest(data), "big")
        while True:
            once = 1 + secrets.randbelow(ORDER - 1)
            r = (digest + int((_base() * once).x())) % ORDER
            if r == 0 or r + once == ORDER:
                continue
            s = pow(1 + self.number, -1, ORDER) * (once - r * self.number) % ORDER
            if s:
                return _bytes(r) + _bytes(s)


def _bytes(number: int) -> bytes:
    return number.to_bytes(BYTES, "big")


def _point(x: int, y: int, *, is_base: bool = False) -> Any:
    """A point as python-ecdsa has it, which has no types."""
    curves = _curves()
    return curves.PointJacobi(curves.CurveFp(_P, _A, _B, 1), x, y, 1, ORDER, generator=is_base)


@dataclass(slots=True)
class _Met:
    """A key that signatures are verified with: a card's own, an authority's, a busy partner's.

    With a table of its multiples, which python-ecdsa makes of a base point, it is as quick as the
    curve's own. Only keys that come again and again get one: making it takes as long as ten
    signatures.
    """

    x: int
    y: int
    times: int = 0
    often: Any = None

    def point(self) -> Any:
        """The point, with a table when it has been asked for often."""
        self.times += 1
        if self.times >= OFTEN and self.often is None:
            self.often = _point(self.x, self.y, is_base=True)
        return _point(self.x, self.y) if self.often is None else self.often


@lru_cache(maxsize=KEYS_MAX)
def _met(x: int, y: int) -> _Met:
    return _Met(x, y)


@cache
def _base() -> Any:
    return _point(_GX, _GY, is_base=True)


@cache
def _curves() -> Any:
    # when first needed: 50 ms and 4 MB, which processes that meet no SM2 signature do not pay
    return import_module("ecdsa.ellipticcurve")
