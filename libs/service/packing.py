"""Kafka headers as one value for the database: lossless for any bytes, readable for a person."""

from collections.abc import Iterable

import orjson

Headers = tuple[tuple[str, bytes], ...]


def pack(headers: Iterable[tuple[str, bytes]]) -> bytes:
    """As JSON; each byte of a value is the character of that number."""
    return orjson.dumps([[name, value.decode("latin-1")] for name, value in headers])


def unpack(data: bytes) -> Headers:
    """The headers that `pack` was given."""
    return tuple((name, value.encode("latin-1")) for name, value in orjson.loads(data))
