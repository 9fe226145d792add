"""docs/reliability.md names every chaos test and nothing else; each mutation is used."""

import ast
import re
from pathlib import Path

import pytest

from tests.chaos.mutant import MUTATIONS

ROOT = Path(__file__).parents[2]
CHAOS = ROOT / "tests" / "chaos"
PAGE = (ROOT / "docs" / "reliability.md").read_text()
FILES = sorted(CHAOS.glob("test_*.py"))


def chaos_tests() -> set[str]:
    return {
        f"{path.name}::{node.name}"
        for path in FILES
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)
        if node.name.startswith("test_")
    }


def test_the_page_names_every_chaos_test_and_none_that_is_not_there() -> None:
    assert set(re.findall(r"`(test_\w+\.py::test_\w+)`", PAGE)) == chaos_tests()


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_mutation_is_used_by_a_test_and_told_on_the_page(mutation: str) -> None:
    assert any(f'"{mutation}"' in path.read_text() for path in FILES)
    assert f"`{mutation}`" in PAGE


def test_every_file_that_the_page_names_is_there() -> None:
    named = re.findall(r"`([\w./]+\.py|services/[\w/]+)`", PAGE)
    places = (ROOT, ROOT / "libs" / "service", CHAOS)
    assert not [name for name in named if not any((place / name).exists() for place in places)]
