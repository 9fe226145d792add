from time import sleep

import pytest

from bench.harness import Figure, Reference, Result, compare, percentile


def test_a_result_is_met_when_every_target_is() -> None:
    slow = Reference.of("other", 100.0, 50.0, 0.6)
    assert (slow.ratio, slow.met) == (0.5, False)
    assert Result("x", 50.0, "1/s").met
    assert not Result("x", 50.0, "1/s", [slow]).met
    assert not Result("x", 50.0, "1/s", target=51.0).met
    assert Result("x", 50.0, "1/s", target=51.0, at_most=True).met
    late = Figure("p99", 2.0, "s", 1.0, at_most=True)
    assert not Result("x", 50.0, "1/s", figures=[late]).met
    assert Figure("told", 2.0, "s").met


def test_json_has_the_same_keys_whether_references_are_none_one_or_many() -> None:
    one, two = (Reference.of(name, 100.0, 250.0, 2.0) for name in ("a", "b"))
    none = Result("x", 250.0, "1/s").as_json()
    single = Result("x", 250.0, "1/s", [one]).as_json()
    several = Result("x", 250.0, "1/s", [one, two], target=200.0).as_json()
    assert none.keys() == single.keys() == several.keys()
    assert (none["reference"], none["ratio"], none["target"]) == (None, None, None)
    assert single["reference"] == {"name": "a", "value": 100.0}
    assert (single["ratio"], single["target"]) == (2.5, ">= 2 x a")
    assert several["ratio"] == [2.5, 2.5]
    assert several["target"] == [">= 200", ">= 2 x a", ">= 2 x b"]


def test_comparing_measures_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.harness.ROUNDS", 3)
    monkeypatch.setattr("bench.harness.ROUND_SECONDS", 0.02)
    found = compare("x", lambda: sleep(0.001), {"slower": (lambda: sleep(0.004), 2.0)})
    assert 100 < found.value <= 1000
    assert found.reference[0].ratio > 2


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(number) for number in range(1, 101)]
    assert [percentile(values, part) for part in (0.0, 0.5, 0.99, 1.0)] == [1, 51, 100, 100]
