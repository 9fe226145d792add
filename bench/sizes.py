"""What a signed message costs by its size: `python -m bench.sizes`.

Verify and decode, beside the floor of `bench/references.py`, for messages of some 2, 6.5 and 20 KB.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from bench.harness import compare
from bench.references import floor
from bench.signatures import verify_and_decode
from bench.signed import a_bench, a_meta
from libs.messages.base import Message
from libs.messages.full_proposal import a_full_proposal
from libs.messages.kinds.proposal import SubmitCargoProposal, WithdrawCargoProposal

LONG_ROWS = 50
_TARGET = 0.65


@dataclass(frozen=True, slots=True)
class Size:
    """One size: microseconds of ours and of the floor, and how many floors fit into ours."""

    name: str
    size_bytes: int
    ours_us: float
    floor_us: float
    ratio: float


def sizes() -> Iterator[Size]:
    """One row a size, smallest first."""
    for name, message in _messages().items():
        bench = a_bench(message)
        work, least = partial(verify_and_decode, bench), floor(bench)
        result = compare(name, work, {"floor": (least, _TARGET)})
        (row,) = result.reference
        ours_us, floor_us = 1e6 / result.value, 1e6 / row.value
        yield Size(name, len(bench.signed), round(ours_us, 1), round(floor_us, 1), row.ratio)


def _messages() -> dict[str, Message]:
    meta, today = a_meta(), datetime.now(UTC).date()
    return {
        "withdrawal": WithdrawCargoProposal(meta=meta, reason="货物改由下一航次装运"),
        "full proposal": SubmitCargoProposal(meta=meta, form=a_full_proposal(today)),
        "long proposal": SubmitCargoProposal(meta=meta, form=a_full_proposal(today, LONG_ROWS)),
    }


def main() -> int:
    """Print the rows; the exit code."""
    for row in sizes():
        sys.stdout.write(
            f"{row.name:<14} {row.size_bytes:>6,} bytes  {row.ours_us:>7} µs"
            f"  floor {row.floor_us:>7} µs  ratio {row.ratio}\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
