"""BER-TLV as PIV uses it: what a card says of lengths is believed only when it is there."""

from card_signer.troubles import Trouble

_LONG = 0x80
_LENGTH_BYTES_MAX = 2  # objects of up to 64 KiB
_TAG_MORE = 0x1F
_TAG_MAX = 0xFFFFFF  # three bytes


def encode(tag: int, value: bytes = b"") -> bytes:
    """One object. `tag` holds all of its bytes: 0x5C, 0x5FC10A."""
    size = len(value)
    if size < _LONG:
        length = bytes([size])
    else:
        width = (size.bit_length() + 7) // 8
        length = bytes([_LONG | width]) + size.to_bytes(width, "big")
    return tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big") + length + value


def decode(data: bytes) -> dict[int, bytes]:
    """The objects that `data` consists of; the first of a tag counts. Raises Trouble GARBLED."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        tag, at = _tag(data, at)
        size, at = _length(data, at)
        if at + size > len(data):
            raise Trouble("GARBLED", what=f"tag {tag:X}: {size} > {len(data) - at} bytes")
        found.setdefault(tag, data[at : at + size])
        at += size
    return found


def inner(data: bytes, tag: int) -> bytes:
    """The value of the one object that must be there. Raises Trouble GARBLED."""
    found = decode(data)
    if tag not in found:
        raise Trouble("GARBLED", what=f"no tag {tag:X}")
    return found[tag]


def _tag(data: bytes, at: int) -> tuple[int, int]:
    tag = data[at]
    at += 1
    if tag & _TAG_MORE == _TAG_MORE:
        while True:
            if at >= len(data):
                raise Trouble("GARBLED", what="tag cut off")
            tag = tag << 8 | data[at]
            at += 1
            if not data[at - 1] & _LONG or tag > _TAG_MAX:
                break
    return tag, at


def _length(data: bytes, at: int) -> tuple[int, int]:
    if at >= len(data):
        raise Trouble("GARBLED", what="length cut off")
    first = data[at]
    at += 1
    if first < _LONG:
        return first, at
    width = first & ~_LONG
    if not 0 < width <= _LENGTH_BYTES_MAX or at + width > len(data):
        raise Trouble("GARBLED", what=f"length of {width} bytes")
    return int.from_bytes(data[at : at + width], "big"), at + width
