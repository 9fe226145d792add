"""Block transfer of the official control: large frames come in pieces with a text header each.

Header, 128 characters: `BLOCKTXT`, CRC of the whole (4), CRC of this block (4), total length (16),
block length (8), number of blocks (4), GUID (36), number of this block (4), zeros. Lengths count
UTF-16 units as the pages' script does. The CRC is CRC-16/MODBUS over the low byte of each unit,
with the two result bytes swapped: "123456789" gives 374B.
"""

from dataclasses import dataclass, field

from card_signer.troubles import Trouble

MARK = "BLOCKTXT"
HEADER_CHARACTERS = 128
WHOLE_CHARACTERS_MAX = 2 * 1024 * 1024
_BLOCKS_MAX = 64
_WIDTHS = (("whole_crc", 4), ("crc", 4), ("total", 16), ("length", 8), ("count", 4))
_GUID, _NUMBER = 36, 4
_POLYNOMIAL = 0xA001


def crc(text: str) -> str:
    """Four hexadecimal digits."""
    value = 0xFFFF
    for low in text.encode("utf-16-le", "surrogatepass")[::2]:
        value ^= low
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
    return f"{(value & 0xFF) << 8 | value >> 8:04X}"


@dataclass(frozen=True, slots=True)
class Block:
    """One piece."""

    whole_crc: str
    total: int
    count: int
    guid: str
    number: int
    text: str

    @classmethod
    def parse(cls, frame: str) -> "Block":
        """Raises Trouble BAD_REQUEST for a header that is none, or a piece that is damaged."""
        header, text = frame[:HEADER_CHARACTERS], frame[HEADER_CHARACTERS:]
        at, found = len(MARK), {}
        for name, width in _WIDTHS:
            found[name] = header[at : at + width]
            at += width
        guid, number = header[at : at + _GUID], header[at + _GUID : at + _GUID + _NUMBER]
        try:
            total, length, count = (int(found[name]) for name in ("total", "length", "count"))
            block = cls(found["whole_crc"], total, count, guid, int(number), text)
        except ValueError:
            raise Trouble("BAD_REQUEST", what=MARK) from None
        if not (0 < count <= _BLOCKS_MAX and 0 < total <= WHOLE_CHARACTERS_MAX):
            raise Trouble("TOO_LARGE", limit=WHOLE_CHARACTERS_MAX)
        if length != units(text) or found["crc"].upper() != crc(text):
            raise Trouble("BAD_REQUEST", what=f"{MARK} {block.number}: CRC")
        return block


@dataclass
class Blocks:
    """The pieces of one connection's frame, until it is whole."""

    _guid: str = ""
    _pieces: dict[int, str] = field(default_factory=dict)

    def take(self, block: Block) -> str | None:
        """The whole text when this was the last piece. Raises Trouble BAD_REQUEST."""
        if block.guid != self._guid:
            self._guid, self._pieces = block.guid, {}
        self._pieces[block.number] = block.text
        if len(self._pieces) < block.count:
            return None
        whole = "".join(self._pieces[number] for number in sorted(self._pieces))
        self._guid, self._pieces = "", {}
        if units(whole) != block.total or crc(whole) != block.whole_crc.upper():
            raise Trouble("BAD_REQUEST", what=f"{MARK}: CRC")
        return whole


def units(text: str) -> int:
    """UTF-16 units, as a page's script counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
