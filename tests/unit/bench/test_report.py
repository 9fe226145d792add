"""The page of results says what was measured, and nothing else."""

import json
from pathlib import Path

import pytest

from bench.harness import Figure, Reference, Result
from bench.report import CARD, MAIN, Growth, Page, rendered, store, store_growth, stored

ROOT = Path(__file__).parents[3]
NOTHING: dict[str, object] = {"results": {}, "machine": {}, "growth": {}}
PLACES = "before\n<!-- bench:table -->\nold\n<!-- /bench -->\nafter\n"


PAGES = pytest.mark.parametrize("where", [MAIN, CARD], ids=["main", "card"])


@PAGES
def test_the_committed_page_is_rendered_from_the_committed_results(where: Page) -> None:
    page = (ROOT / where.page).read_text()
    again = "run `make bench` or `make bench-card`, or undo what was typed in"
    assert rendered(page, stored(ROOT, where)) == page, again


@PAGES
def test_new_results_replace_old_ones_of_their_name_only(tmp_path: Path, where: Page) -> None:
    (tmp_path / where.results).parent.mkdir(parents=True)
    (tmp_path / where.page).write_text(PLACES)
    first = Result("relay", 10.0, "1/s", [Reference.of("raw", 20.0, 10.0, 0.7)])
    other = Result("idle", 1.0, "%", figures=[Figure("start", 2.0, "s", 1.5, at_most=True)])
    store(tmp_path, [first.as_json(), other.as_json()], {"commit": "a"}, where)
    store(tmp_path, [Result("relay", 30.0, "1/s").as_json()], {"commit": "b", "stores": "-"}, where)
    known = json.loads((tmp_path / where.results).read_text())
    assert {name: row["value"] for name, row in known["results"].items()} == {
        "relay": 30.0,
        "idle": 1.0,
    }
    relay = {"commit": "b"} | ({"stores": "-"} if where is MAIN else {})
    assert known["machine"] == {"relay": relay, "idle": {"commit": "a"}}
    page = (tmp_path / where.page).read_text()
    assert page.startswith("before\n")
    assert page.endswith("after\n")
    assert "old" not in page
    assert "| `relay` | 30 1/s | – | – | – | yes |" in page


def test_a_target_that_was_missed_is_told() -> None:
    missed = Result("idle", 1.0, "%", figures=[Figure("start", 2.0, "s", 1.5, at_most=True)])
    page = "<!-- bench:figures -->\n<!-- /bench -->\n"
    told = rendered(page, {**NOTHING, "results": {"idle": missed.as_json()}})
    assert "| start | 2 s | <= 1.5 | **no** |" in told


def test_how_costs_grow_is_a_table_with_its_machine(tmp_path: Path) -> None:
    (tmp_path / MAIN.results).parent.mkdir(parents=True)
    (tmp_path / MAIN.page).write_text("<!-- bench:growth -->\nold\n<!-- /bench -->\n")
    told = {"measured": "today", "commit": "a", "processor": "p"}
    store_growth(tmp_path, "records", Growth("With size", ["n", "ms"], [[1000, 2.5]], told))
    page = (tmp_path / MAIN.page).read_text()
    assert "### With size\n\nMeasured today at a, p.\n\n| n | ms |" in page
    assert "| 1,000 | 2.5 |" in page
    assert "old" not in page
