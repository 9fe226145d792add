"""What is told in an encoding that cannot hold all of it, as Windows writes to pipes and files."""

import subprocess
from pathlib import Path

import pytest

from tests.card.program import Program


def diagnosed(encoding: str, tmp_path: Path) -> str:
    program = Program(tmp_path)
    done = subprocess.run(
        program.command("diagnose"),
        env=program.environment() | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, b"")
    return done.stdout.decode(encoding)


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("gbk", "[x] 读卡器：未检测到读卡器（NO_READER）"),
        ("cp1252", "[x] ???:???????(NO_READER)"),
        ("utf-8", "✗ 读卡器：未检测到读卡器（NO_READER）"),
    ],
)
def test_what_can_be_told_is_told(encoding: str, told: str, tmp_path: Path) -> None:
    lines = diagnosed(encoding, tmp_path).splitlines()
    assert told in lines
    assert any("there is no card reader" in line for line in lines)
