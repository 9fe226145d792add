"""A PDF's signed ranges, as bytes: what is signed is the whole file but the signature itself.

Source: ISO 32000-1, 12.8.1. No PDF is parsed here, so that nothing of a file runs beside the card.
"""

from dataclasses import dataclass

from libs.signing.seals import SealError

FILTER, FORMAT = "/Tongbao.Seal", "/GBT38540.SES"  # this project's own proposal
_DIGITS = 10
UNKNOWN = (0, 10**_DIGITS - 1, 10**_DIGITS - 2, 10**_DIGITS - 3)  # as wide as what comes there
_HEAD_BYTES = 2  # of a DER value: its tag and its length
_LONG_FORM = 0x80  # from here on, how many bytes of length follow


@dataclass(frozen=True, slots=True)
class Signed:
    """Both ranges: before the signature's `<`, and from behind its `>` to `end`."""

    first: int
    second: int
    end: int

    @property
    def text(self) -> str:
        """As the file says it."""
        return f"/ByteRange [0 {self.first} {self.second} {self.end - self.second}]"

    def of(self, pdf: bytes) -> bytes:
        """The signed bytes."""
        return pdf[: self.first] + pdf[self.second : self.end]


def opened(pdf: bytes, original: bytes, room: int) -> tuple[bytes, Signed]:
    """A stamped file with its ranges filled in. Raises ValueError when it was not stamped so."""
    if not pdf.startswith(original):
        raise ValueError("the file before the seal was changed")
    hole = b"<" + b"00" * room + b">"
    at = pdf.index(hole, len(original))
    signed = Signed(at, at + len(hole), len(pdf))
    numbers = b" ".join(b"%d" % each for each in UNKNOWN)
    where = pdf.index(numbers, len(original))
    filled = b"0 %d %d %d" % (signed.first, signed.second, signed.end - signed.second)
    pdf = pdf[:where] + filled.ljust(len(numbers)) + pdf[where + len(numbers) :]
    return pdf, signed


def closed(pdf: bytes, signed: Signed, signature: bytes) -> bytes:
    """The file with its signature. Raises ValueError when there is no room for it."""
    room = (signed.second - signed.first - 2) // 2
    if len(signature) > room:
        raise ValueError("the signature is longer than its place")
    hexadecimal = signature.ljust(room, b"\0").hex().encode()
    return pdf[: signed.first] + b"<" + hexadecimal + b">" + pdf[signed.second :]


def read(pdf: bytes, ranges: list[int], contents: bytes) -> tuple[Signed, bytes]:
    """The ranges of a signature, and the signature. Raises SealError FORMAT, CONTENT.

    What lies between the ranges must be that signature, or something else could hide there.
    """
    if len(ranges) != len(UNKNOWN) or min(ranges) < 0 or ranges[0] != 0:
        raise SealError("FORMAT", "a byte range that is none")
    signed = Signed(ranges[1], ranges[2], ranges[2] + ranges[3])
    if not signed.first < signed.second < signed.end <= len(pdf):
        raise SealError("FORMAT", "a byte range that is none")
    between = pdf[signed.first : signed.second]
    if between.upper() != b"<" + contents.hex().encode().upper() + b">":
        raise SealError("CONTENT", "something else than the signature is not signed")
    end = _length(contents)
    if any(contents[end:]):
        raise SealError("CONTENT", "something stands behind the signature in its place")
    return signed, contents[:end]


def _length(value: bytes) -> int:
    """How long a DER value is; zeros fill its place behind it."""
    told = value[1] if len(value) >= _HEAD_BYTES else 0
    if told < _LONG_FORM:
        return _HEAD_BYTES + told
    end = _HEAD_BYTES + told - _LONG_FORM
    return end + int.from_bytes(value[_HEAD_BYTES:end], "big")
