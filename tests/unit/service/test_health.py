"""Liveness from progress."""

import orjson

from libs.service.health import Progress
from libs.service.http import answer
from libs.service.metrics import TABLE, Metrics


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_work_without_progress_is_a_stall_and_progress_ends_it() -> None:
    clock = Clock()
    progress = Progress(10, clock)
    progress.working("pipeline")
    clock.now = 11
    progress.working("pipeline")  # said again, it is still the same work
    assert progress.stalled() == {"pipeline": 11}
    progress.moved("pipeline")
    assert progress.stalled() == {}


def test_nothing_to_do_is_no_stall() -> None:
    clock = Clock()
    progress = Progress(10, clock)
    progress.working("relay")
    progress.idle("relay")
    clock.now = 1000
    assert progress.stalled() == {}


def test_the_probe_fails_and_the_metric_tells_while_it_is_stalled() -> None:
    clock = Clock()
    progress, metrics = Progress(10, clock), Metrics("policy")
    progress.working("pipeline")
    clock.now = 60
    status, _, body = answer("/livez", progress, metrics)
    assert status == 503
    assert orjson.loads(body)["stalled_seconds"] == {"pipeline": 60}
    assert metrics.value("stalled", "pipeline") == 1
    progress.idle("pipeline")
    assert answer("/livez", progress, metrics)[0] == 200
    assert metrics.value("stalled", "pipeline") == 0


def test_ready_is_when_nothing_is_missing() -> None:
    progress, metrics = Progress(10), Metrics("policy")
    progress.lacks("kafka")
    status, _, body = answer("/readyz", progress, metrics)
    assert (status, orjson.loads(body)["missing"]) == (503, ["kafka"])
    progress.has("kafka")
    assert answer("/readyz", progress, metrics)[0] == 200


def test_every_metric_of_the_table_is_told_with_its_sentence() -> None:
    metrics = Metrics("policy")
    text = metrics.text().decode()
    for row in TABLE:
        assert row.sentence.endswith(".")
        assert f"# HELP tongbao_{row.name}" in text
