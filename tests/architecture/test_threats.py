"""docs/security/card-signer.md: each threat is shown to be met by tests, and they exist."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security" / "card-signer.md").read_text()
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")
THREATS = [
    line
    for line in PAGE.partition("## Threats")[2].partition("\n## ")[0].splitlines()
    if line.startswith("| ") and not line.startswith(("| threat", "| ---"))
]


@cache
def functions_of(name: str) -> frozenset[str]:
    path = ROOT / "tests" / "card" / name
    if not path.is_file():
        return frozenset()
    return frozenset(
        node.name
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)
    )


def test_the_page_has_threats() -> None:
    assert len(THREATS) > 20


@pytest.mark.parametrize("threat", THREATS, ids=lambda line: line.split("|")[1].strip()[:50])
def test_a_threat_names_its_control_and_its_tests(threat: str) -> None:
    _, _, control, shown, _ = re.split(r"(?<!\\)\|", threat)
    assert control.strip()
    assert NAMED.search(shown)


def test_every_test_that_the_page_names_exists() -> None:
    named = set(NAMED.findall(PAGE))
    assert [
        f"{file}::{test}" for file, test in sorted(named) if test not in functions_of(file)
    ] == []
