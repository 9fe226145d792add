"""DER, as much as SM2 keys and certificates need of it: one value, its parts, strictly.

Lengths are minimal and inside what there is, and nothing stands behind a value. Reading raises
ValueError, and nothing else, for whatever bytes there are.
"""

SEQUENCE, INTEGER, BIT_STRING, OCTET_STRING, OID, NULL = 0x30, 0x02, 0x03, 0x04, 0x06, 0x05
CONTEXT_0, CONTEXT_1 = 0xA0, 0xA1  # [0], [1], constructed
_LONG_TAG = 0x1F
_LONG_FORM = 0x80  # from here on, a length says how many bytes of it follow
_HEAD_BYTES = 2


def content(value: bytes, tag: int) -> bytes:
    """What is inside a value with this tag."""
    inside, rest = _first(value)
    if value[0] != tag or rest:
        raise ValueError(f"not DER: expected one value with the tag {tag:02x}")
    return inside


def parts(value: bytes, tag: int = SEQUENCE) -> list[bytes]:
    """The values, each with its tag and length, inside a value with this tag."""
    found, left = [], content(value, tag)
    while left:
        _, rest = _first(left)
        found.append(left[: len(left) - len(rest)])
        left = rest
    return found


def number(value: bytes) -> int:
    """An INTEGER that is not negative."""
    inside = content(value, INTEGER)
    found = int.from_bytes(inside, "big", signed=True)
    if found < 0 or encoded_number(found) != value:
        raise ValueError("not DER: expected a number, written as short as can be")
    return found


def bits(value: bytes) -> bytes:
    """A BIT STRING of whole bytes."""
    inside = content(value, BIT_STRING)
    if not inside.startswith(b"\0"):
        raise ValueError("not DER: expected whole bytes")
    return inside[1:]


def encoded(tag: int, *inside: bytes) -> bytes:
    """A value with this tag."""
    whole = b"".join(inside)
    return bytes([tag]) + _length(len(whole)) + whole


def encoded_number(value: int) -> bytes:
    """An INTEGER that is not negative."""
    return encoded(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def encoded_bits(value: bytes) -> bytes:
    """A BIT STRING of whole bytes."""
    return encoded(BIT_STRING, b"\0", value)


def _first(values: bytes) -> tuple[bytes, bytes]:
    """What is inside the first value, and what stands behind it."""
    if len(values) < _HEAD_BYTES:
        raise ValueError("not DER: cut off")
    if values[0] & _LONG_TAG == _LONG_TAG:
        raise ValueError("not DER: a tag of more than one byte has no place here")
    start = _HEAD_BYTES + (values[1] - _LONG_FORM if values[1] > _LONG_FORM else 0)
    told = values[1:start]
    length = int.from_bytes(told[1:] or told, "big")
    if told != _length(length) or start + length > len(values):
        raise ValueError("not DER: a length that is cut off, too long or not as short as can be")
    return values[start : start + length], values[start + length :]


def _length(length: int) -> bytes:
    if length < _LONG_FORM:
        return bytes([length])
    text = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([_LONG_FORM + len(text)]) + text
