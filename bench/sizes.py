"""What a signed message costs by its size: `python -m bench.growth documents`.

Documents (XML with its signature): verify and decode, beside the floor of `bench/references.py`,
for messages of some 2, 6.5 and 20 KB. Events (JSON, signature beside): the same, beside the
signature alone, without a form, with one, and with a long one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from bench.harness import Work, compare
from bench.references import floor
from bench.signatures import verify_and_decode
from bench.signed import a_bench, a_meta
from libs.messages import examples
from libs.messages.base import Message
from libs.messages.full_proposal import a_full_proposal
from libs.messages.kinds.proposal import (
    CargoProposalChanged,
    SubmitCargoProposal,
    WithdrawCargoProposal,
)
from libs.messages.partners import JSON
from libs.messages.registry import kind_of
from libs.signing import sign_jws, verify

LONG_ROWS = 50
_TARGET = 0.65


@dataclass(frozen=True, slots=True)
class Size:
    """One size: microseconds of ours and of the least, and how many of the least fit into ours."""

    name: str
    size_bytes: int
    ours_us: float
    least_us: float
    ratio: float


def sizes() -> Iterator[Size]:
    """One row a size: documents, then events, smallest first."""
    for name, message in _documents().items():
        bench = a_bench(message)
        yield _size(name, len(bench.signed), partial(verify_and_decode, bench), floor(bench))
    for name, event in _events().items():
        yield _event(name, event)


def _size(name: str, size_bytes: int, ours: Work, least: Work) -> Size:
    result = compare(name, ours, {"least": (least, _TARGET)})
    (row,) = result.reference
    return Size(
        name, size_bytes, round(1e6 / result.value, 1), round(1e6 / row.value, 1), row.ratio
    )


def _event(name: str, event: Message) -> Size:
    bench, kind = a_bench(), kind_of(type(event))
    body = kind.codec.encode(event, JSON)
    signature = sign_jws(body, bench.card.signer)

    def least() -> None:
        verdict = verify(body, JSON, signature, bench.trust, datetime.now(UTC)).verdict
        if not verdict.trusted:
            raise AssertionError(verdict)

    def ours() -> None:
        least()
        kind.codec.decode(body, JSON)

    return _size(name, len(body) + len(signature), ours, least)


def _documents() -> dict[str, Message]:
    meta, today = a_meta(), datetime.now(UTC).date()
    return {
        "withdrawal": WithdrawCargoProposal(meta=meta, reason="货物改由下一航次装运"),
        "full proposal": SubmitCargoProposal(meta=meta, form=a_full_proposal(today)),
        "long proposal": SubmitCargoProposal(meta=meta, form=a_full_proposal(today, LONG_ROWS)),
    }


def _events() -> dict[str, Message]:
    today = datetime.now(UTC).date()
    forms = {
        "event": None,
        "event with form": a_full_proposal(today),
        "event, long form": a_full_proposal(today, LONG_ROWS),
    }
    moved = next(each for each in examples.messages() if isinstance(each, CargoProposalChanged))
    return {name: moved.model_copy(update={"form": form}) for name, form in forms.items()}
