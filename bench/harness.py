"""Rounds in turn, medians, targets: what every benchmark answers with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import Any

ROUNDS = 7
ROUND_SECONDS = 0.3

Work = Callable[[], object]


class NotHere(Exception):
    """What a measurement needs is not on this machine; the text says what."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What our figure is compared with, and by how much it should be passed."""

    name: str
    value: float
    ratio: float
    target: float
    met: bool

    @classmethod
    def of(cls, name: str, value: float, ours: float, target: float) -> "Reference":
        """A reference measured once beside `ours`."""
        ratio = ours / value
        return cls(name, round(value, 1), round(ratio, 2), target, ratio >= target)


@dataclass(frozen=True, slots=True)
class Figure:
    """A further figure of the same run. Without a target it only tells."""

    name: str
    value: float
    unit: str
    target: float | None = None
    at_most: bool = False  # the target is a ceiling

    @property
    def met(self) -> bool:
        """Whether the target was met; True without one."""
        if self.target is None:
            return True
        return self.value <= self.target if self.at_most else self.value >= self.target

    def as_json(self) -> dict[str, Any]:
        """As `Result.as_json`, in small."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "target": _goal(self.target, at_most=self.at_most),
            "met": self.met,
        }


@dataclass(frozen=True, slots=True)
class Result:
    """One benchmark's outcome. `target` is for the value itself, beside those of references."""

    name: str
    value: float
    unit: str
    reference: list[Reference] = field(default_factory=list)
    target: float | None = None
    at_most: bool = False
    figures: list[Figure] = field(default_factory=list)
    load: str = ""  # what was done, with which settings, in one line

    @property
    def met(self) -> bool:
        """Whether every target of this run was met."""
        own = Figure(self.name, self.value, self.unit, self.target, self.at_most)
        parts = [row.met for row in self.reference] + [row.met for row in self.figures]
        return own.met and all(parts)

    def as_json(self) -> dict[str, Any]:
        """What `tongbao bench --json` prints: one value a key, a list when there are several."""
        rows = self.reference
        named = [{"name": row.name, "value": row.value} for row in rows]
        goals = [_goal(self.target, at_most=self.at_most)] if self.target is not None else []
        goals += [f">= {row.target:g} x {row.name}" for row in rows]
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "reference": _few(named),
            "ratio": _few([row.ratio for row in rows]),
            "target": _few(goals),
            "met": self.met,
            "figures": [row.as_json() for row in self.figures],
            "load": self.load,
        }


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
    return Result(name, round(value), "operations/s", rows)


def percentile(values: list[float], part: float) -> float:
    """The value below which `part` (0 to 1) of `values` lie; nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _speed(work: Work) -> float:
    count, began = 0, perf_counter()
    while (spent := perf_counter() - began) < ROUND_SECONDS:
        work()
        count += 1
    return count / spent


def _goal(target: float | None, *, at_most: bool) -> str | None:
    return None if target is None else f"{'<=' if at_most else '>='} {target:g}"


def _few(rows: list[Any]) -> Any:
    """None, the one, or the list."""
    return (rows or [None])[0] if len(rows) < 2 else rows  # noqa: PLR2004
