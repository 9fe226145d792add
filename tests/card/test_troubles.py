"""The table of troubles is whole: what is raised is in it, what is in it is raised."""

import re
from pathlib import Path

from card_signer.trouble_pages import PAGES
from card_signer.trouble_rows import PROGRAM
from card_signer.trouble_seals import SEALS
from card_signer.troubles import ROWS, TABLE

SOURCE = Path(__file__).parents[2] / "card-signer" / "card_signer"
_NAMED = re.compile(r'"([A-Z]+(?:_[A-Z]+)*)"')
_RAISED = re.compile(r'Trouble\(\s*"(\w+)"')


def sources() -> str:
    """All of the program, but for the table itself."""
    tables = {"troubles.py", *(path.name for path in SOURCE.glob("trouble_*.py"))}
    return "\n".join(
        path.read_text("utf-8") for path in SOURCE.rglob("*.py") if path.name not in tables
    )


def test_what_is_raised_has_a_row() -> None:
    assert set(_RAISED.findall(sources())) <= set(ROWS)


def test_each_row_is_used() -> None:
    assert set(ROWS) <= set(_NAMED.findall(sources()))


def test_each_code_stands_for_one_row_that_says_what_to_do_in_both_languages() -> None:
    rows = (*TABLE, *PAGES, *SEALS, *PROGRAM)
    assert len(ROWS) == len(rows)
    for row in rows:
        assert all((row.zh, row.en, row.todo_zh, row.todo_en, row.official)), row.code
        fields = [set(re.findall(r"{(\w+)}", text)) for text in (row.zh, row.en)]
        assert fields[0] == fields[1], row.code
