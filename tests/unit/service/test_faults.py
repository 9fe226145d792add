"""Fault points: where a test lets a process die."""

from pathlib import Path

import pytest

from libs.service.faults import POINTS, kill_at


def test_nothing_named_nothing_happens() -> None:
    reach = kill_at("")
    for point in POINTS:
        reach(point)


def test_it_dies_at_the_pass_that_is_named() -> None:
    deaths: list[int] = []
    reach = kill_at("before_commit:3", lambda: deaths.append(1))
    for _ in range(2):
        reach("before_commit")
        reach("after_commit")
    assert deaths == []
    reach("before_commit")
    assert deaths == [1]


def test_a_marker_lets_the_next_start_live(tmp_path: Path) -> None:
    deaths: list[int] = []
    setting = f"after_publish:1:{tmp_path / 'mark'}"
    kill_at(setting, lambda: deaths.append(1))("after_publish")
    kill_at(setting, lambda: deaths.append(2))("after_publish")
    assert deaths == [1]


def test_a_point_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="no point nowhere; there are before_commit"):
        kill_at("nowhere")
