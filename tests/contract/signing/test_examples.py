"""`tongbao verify` accepts every golden example and refuses a changed one with its reason."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from libs.messages.registry import KINDS, Kind
from libs.signing.__main__ import CA, fits, plain_examples, signed_path
from tongbao.main import app

ALL_KINDS = pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
EXAMPLES = CA.parent


def run(*arguments: object) -> tuple[int, dict[str, object]]:
    result = CliRunner().invoke(app, ["verify", *map(str, arguments), "--trust", str(CA), "--json"])
    return result.exit_code, json.loads(result.stdout) if result.stdout else {}


@ALL_KINDS
@pytest.mark.parametrize("name", ["full.signed.xml", "full.json"])
def test_an_example_is_valid(kind: Kind, name: str) -> None:
    path = EXAMPLES / kind.name / f"v{kind.version}" / name
    (role,) = kind.signed_by
    code, found = run(path, "--as", role.value)
    assert code == 0, found
    assert found["kind"] == kind.name
    assert (found["intact"], found["trusted"], found["permitted"]) == (True, True, True)


@ALL_KINDS
@pytest.mark.parametrize("name", ["full.signed.xml", "full.json"])
def test_a_changed_example_is_refused(kind: Kind, name: str, tmp_path: Path) -> None:
    path = EXAMPLES / kind.name / f"v{kind.version}" / name
    changed = tmp_path / name
    changed.write_bytes(path.read_bytes().replace(b"2026-11-23T04", b"2026-11-23T05", 1))
    detached = path.with_name(f"{name}.jws")
    if detached.exists():
        changed.with_name(f"{name}.jws").write_bytes(detached.read_bytes())
    code, found = run(changed)
    assert code == 1
    assert found["reason"] == "BAD_SIGNATURE"
    assert (found["intact"], found["permitted"], found["kind"]) == (False, None, None)


def test_signatures_are_of_the_present_examples() -> None:
    stale = [str(signed_path(path)) for path, _ in plain_examples() if not fits(path)]
    assert not stale, "run `python -m libs.signing examples`"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.xml", "--trust", str(CA)], "cannot read"),
        ([str(CA), "--trust", "nowhere.pem"], "nowhere.pem"),
        ([str(CA), "--trust", str(CA), "--as", "emperor"], "one of legal-person"),
        ([str(CA), "--trust", str(CA), "--at", "yesterday"], "not a time"),
    ],
)
def test_wrong_use_is_told_with_exit_2(arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(app, ["verify", *arguments])
    assert result.exit_code == 2
    assert words in result.stderr
