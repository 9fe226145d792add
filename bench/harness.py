"""Rounds in turn, medians, targets."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter

ROUNDS = 7
ROUND_SECONDS = 0.3

Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Reference:
    """What our figure is compared with, and by how much it should be passed."""

    name: str
    value: float
    ratio: float
    target: float
    met: bool


@dataclass(frozen=True, slots=True)
class Result:
    """One benchmark's outcome."""

    name: str
    value: float
    unit: str
    reference: list[Reference]
    met: bool

    def as_json(self) -> dict[str, object]:
        """The object that `tongbao bench --json` prints."""
        return asdict(self)


def compare(name: str, ours: Work, references: Mapping[str, tuple[Work, float]]) -> Result:
    """Run `ours` and each reference (with its target ratio) in turn; operations a second."""
    works = {"": ours} | {label: work for label, (work, _) in references.items()}
    speeds: dict[str, list[float]] = {label: [] for label in works}
    for _ in range(ROUNDS):
        for label, work in works.items():
            speeds[label].append(_speed(work))
    value = median(speeds[""])
    rows = []
    for label, (_, target) in references.items():
        # round by round: both sides of a ratio saw the machine in the same mood
        ratio = median(a / b for a, b in zip(speeds[""], speeds[label], strict=True))
        found = median(speeds[label])
        rows.append(Reference(label, round(found), round(ratio, 2), target, ratio >= target))
    return Result(name, round(value), "operations/s", rows, all(row.met for row in rows))


def _speed(work: Work) -> float:
    count, began = 0, perf_counter()
    while (spent := perf_counter() - began) < ROUND_SECONDS:
        work()
        count += 1
    return count / spent
