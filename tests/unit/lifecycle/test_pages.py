"""Generated pages: fresh, and complete."""

from pathlib import Path

import pytest

from libs.lifecycle.__main__ import main
from libs.lifecycle.pages import PAGE, files, page, part, stale
from libs.lifecycle.tables import LIFECYCLES
from libs.messages.topics import TOPICS


def test_the_committed_pages_are_fresh() -> None:
    assert stale() == []


def test_the_page_has_every_document_state_and_sentence() -> None:
    text = page()
    for table in LIFECYCLES.values():
        assert f"`{table.document}`" in text
        assert all(f"| {state.code} | {state.zh} |" in text for state in table.states)
        assert all(row.sentence in text for row in table.transitions)


def test_a_readme_is_filled_between_its_marks(tmp_path: Path) -> None:
    readme = tmp_path / "services" / "booking" / "README.md"
    readme.parent.mkdir(parents=True)
    readme.write_text("# b\n<!-- begin: topics booking -->\nold\n<!-- end -->\nafter\n")
    text = files(tmp_path)[Path("services/booking/README.md")]
    assert "old" not in text
    assert "| in | `booking.commands` |" in text
    assert text.endswith("<!-- end -->\nafter\n")
    assert stale(tmp_path) == [PAGE, Path("services/booking/README.md")]


def test_a_part_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(KeyError):
        part("weather", "booking")


def test_topics_are_listed_by_direction() -> None:
    text = part("topics", "payment")
    assert "| out | `gateway.commands` |" in text
    assert "| in | `policy.events` |" in text
    assert all(row.name in text for row in TOPICS.values() if "payment" in row.consumers)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["check"], 0), (["generate", "--check"], 0), ([], 2), (["draw"], 2)],
)
def test_the_command_says_how_it_went(arguments: list[str], code: int) -> None:
    assert main(arguments) == code
