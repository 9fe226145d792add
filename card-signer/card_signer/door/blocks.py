"""Block transfer of the official control: large frames come in pieces with a text header each.

Header, 128 characters: `BLOCKTXT`, CRC of the whole (4), CRC of this block (4), total length (16),
block length (8), number of blocks (4), GUID (36), number of this block from 0 (4), zeros. Lengths
count UTF-16 units as the pages' script does. The CRC is CRC-16/MODBUS over the low byte of each
unit, with the two result bytes swapped: "123456789" gives 374B. Pages send in blocks only: their
script takes nothing but JSON, so answers of any length go as one frame.
"""

from dataclasses import dataclass, field

from card_signer.troubles import Trouble

MARK = "BLOCKTXT"
HEADER_CHARACTERS = 128
WHOLE_CHARACTERS_MAX = 2 * 1024 * 1024
BLOCKS_MAX = 64
_TRIES_A_BLOCK = 3
_WIDTHS = (("whole_crc", 4), ("crc", 4), ("total", 16), ("length", 8), ("count", 4))
_GUID, _NUMBER = 36, 4


def _table() -> tuple[int, ...]:
    rows = []
    for low in range(256):
        value = low
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
        rows.append(value)
    return tuple(rows)


_CRC = _table()


def crc(text: str) -> str:
    """Four hexadecimal digits."""
    value = 0xFFFF
    for low in text.encode("utf-16-le", "surrogatepass")[::2]:
        value = value >> 8 ^ _CRC[(value ^ low) & 0xFF]
    return f"{(value & 0xFF) << 8 | value >> 8:04X}"


@dataclass(frozen=True, slots=True)
class Block:
    """One piece."""

    whole_crc: str
    crc: str
    total: int
    length: int
    count: int
    guid: str
    number: int
    text: str

    @classmethod
    def parse(cls, frame: str) -> "Block":
        """Raises Trouble BAD_REQUEST for a header that is none."""
        header, text = frame[:HEADER_CHARACTERS], frame[HEADER_CHARACTERS:]
        at, found = len(MARK), {}
        for name, width in _WIDTHS:
            found[name] = header[at : at + width]
            at += width
        guid, number = header[at : at + _GUID], header[at + _GUID : at + _GUID + _NUMBER]
        try:
            total, length, count = (int(found[name]) for name in ("total", "length", "count"))
            return cls(
                found["whole_crc"].upper(),
                found["crc"].upper(),
                total,
                length,
                count,
                guid,
                int(number),
                text,
            )
        except ValueError:
            raise Trouble("BAD_REQUEST", what=MARK) from None

    @property
    def fits(self) -> bool:
        """Whether the whole is of a size that is taken."""
        return 0 < self.count <= BLOCKS_MAX and 0 < self.total <= WHOLE_CHARACTERS_MAX

    @property
    def sound(self) -> bool:
        """Whether it came as it was sent."""
        return (
            0 <= self.number < self.count
            and self.length == units(self.text)
            and self.crc == crc(self.text)
        )


@dataclass(frozen=True, slots=True)
class Step:
    """What a piece leads to: the page is told to send block `next`, or (finished) to forget all."""

    guid: str
    next: int
    sound: bool = True
    finished: bool = False
    whole: str | None = None
    trouble: Trouble | None = None  # finished without a whole
    start: str = ""  # of the text, as far as it came: which call is it?


@dataclass
class Blocks:
    """The pieces of one connection's frame, until it is whole."""

    _first: Block | None = None  # whichever came first: the others must agree with it
    _pieces: dict[int, str] = field(default_factory=dict)
    _failures: int = 0

    def take(self, frame: str) -> Step:
        """One piece. Raises Trouble BAD_REQUEST for a header that is none."""
        block = Block.parse(frame)
        if self._first is None or block.guid != self._first.guid:
            self._first, self._pieces, self._failures = block, {}, 0
        if not block.fits:
            return self._end(block, Trouble("TOO_LARGE", limit=WHOLE_CHARACTERS_MAX))
        if not (block.sound and self._agrees(block)):
            return self._again(block, block.number)
        self._pieces[block.number] = block.text
        missing = next((at for at in range(block.count) if at not in self._pieces), None)
        if missing is not None:
            return Step(block.guid, missing)
        whole = "".join(self._pieces[at] for at in range(block.count))
        if units(whole) != block.total or crc(whole) != block.whole_crc:
            self._pieces.clear()
            return self._again(block, 0)
        self._first = None
        return Step(block.guid, block.count, finished=True, whole=whole)

    def _agrees(self, block: Block) -> bool:
        first = self._first or block
        others = sum(units(text) for at, text in self._pieces.items() if at != block.number)
        return (
            (block.count, block.total, block.whole_crc)
            == (first.count, first.total, first.whole_crc)
        ) and others + block.length <= block.total

    def _again(self, block: Block, number: int) -> Step:
        self._failures += 1
        if self._failures > _TRIES_A_BLOCK * block.count:
            return self._end(block, Trouble("BAD_REQUEST", what=f"{MARK} {block.number}: CRC"))
        return Step(block.guid, number, sound=False)

    def _end(self, block: Block, trouble: Trouble) -> Step:
        start = self._pieces.get(0) or (block.text if block.number == 0 else "")
        self._first, self._pieces = None, {}
        return Step(block.guid, 0, sound=False, finished=True, trouble=trouble, start=start)


def units(text: str) -> int:
    """UTF-16 units, as a page's script counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
