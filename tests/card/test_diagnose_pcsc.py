"""`card-signer diagnose` beside the real smart card service: each broken link, as users see it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from libs.signing.pki import Authority, Issued
from sandbox.card.applet import PivCard as Chip
from sandbox.card.service import Service
from tests.card.conftest import OPERATOR
from tests.card.program import Program
from tests.card.reader import put_in, take_out

pytest.importorskip("smartcard", reason="pyscard is not here")
pytestmark = pytest.mark.card


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    if missing := Service.lacks():
        pytest.skip(f"not here: {', '.join(missing)}")
    service = Service(tmp_path)
    yield service
    service.stop()


@pytest.fixture(scope="module")
def issued(authority: Authority) -> Issued:
    return authority.issue(OPERATOR)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path, {"readers": "true"})


def diagnosed(program: Program) -> list[str]:
    """The lines, without those of port and sites: nobody serves here."""
    done = program.run("diagnose")
    assert done.returncode == 1
    assert not done.stderr
    lines = done.stdout.splitlines()
    return lines[: next(at for at, line in enumerate(lines) if "电脑时间" in line)]


def test_without_the_service(service: Service, program: Program) -> None:
    service.start(instead=True)
    service.stop()
    lines = diagnosed(program)
    assert lines[0] == "✗ 智能卡服务：智能卡服务未启动（NO_SERVICE）"
    assert "pcscd" in lines[-1]


def test_without_a_reader(service: Service, program: Program) -> None:
    service.start(instead=True, has_reader=False)
    first, second, *_, todo = diagnosed(program)
    assert (first, second) == ("✓ 智能卡服务：运行中", "✗ 读卡器：未检测到读卡器（NO_READER）")
    assert "请连接读卡器" in todo


def test_without_a_card(service: Service, program: Program) -> None:
    service.start(instead=True)
    _, second, third, *_, todo = diagnosed(program)
    assert second.startswith("✓ 读卡器：Virtual PCD")
    assert third == "✗ 卡：请检查是否正常接入IC卡（NO_CARD）"
    assert "请插入IC卡" in todo


@pytest.mark.parametrize(
    ("tries", "told"),
    [
        (0, "✗ 密码：卡已锁定（PIN_LOCKED）"),
        (1, "✓ 密码：还可以尝试1次"),
        (3, "✓ 密码：还可以尝试3次"),
    ],
)
def test_with_a_card(service: Service, program: Program, chip: Chip, tries: int, told: str) -> None:
    service.start(instead=True)
    chip.tries = tries
    card = put_in(chip, service)
    try:
        lines = diagnosed(program)
    finally:
        take_out(card)
    assert told in lines
    assert any(line.startswith("✓ 卡：") and "李晓明" in line for line in lines)
    assert any(line.startswith("✓ 证书：有效") for line in lines)
    assert chip.tries == tries
