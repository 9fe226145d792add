"""The program as its users install it: built, with its vocabulary, started from anywhere."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.prefix) / "bin" / "card-signer"
installed = pytest.mark.skipif(
    not PROGRAM.exists(), reason="card-signer is not installed here: make test-card"
)


def run(*command: str, where: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        command,
        cwd=where,
        env=environment | {"HOME": str(where)} | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@installed
def test_it_starts_in_a_foreign_folder(tmp_path: Path) -> None:
    done = run(str(PROGRAM), "--help", where=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "diagnose" in done.stdout


@installed
def test_it_brings_its_vocabulary_along(tmp_path: Path) -> None:
    question = "import libs.messages, libs.signing; print(libs.messages.__file__)"
    done = run(str(PROGRAM.parent / "python"), "-I", "-c", question, where=tmp_path)
    assert Path(done.stdout.strip()).is_relative_to(sys.prefix), done.stderr


@installed
def test_diagnose_names_the_broken_link_and_what_to_do(tmp_path: Path) -> None:
    settings = {"CARD_SIGNER_READERS": "false", "CARD_SIGNER_CARDS": str(tmp_path)}
    done = run(str(PROGRAM), "diagnose", where=tmp_path, **settings)
    assert (done.returncode, done.stderr) == (1, "")
    assert "✗ 读卡器" in done.stdout
    assert "请连接读卡器" in done.stdout


def test_a_source_distribution_makes_the_same_wheel_as_the_tree(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    build = (sys.executable, "-m", "hatchling", "build", "--directory", str(tmp_path), "--target")
    tree = ROOT / "card-signer"
    for target in ("wheel", "sdist"):
        done = run(*build, target, where=tree)
        assert done.returncode == 0, done.stderr
    (direct,) = tmp_path.glob("*.whl")
    direct = direct.rename(tmp_path / "direct.whl")
    (source,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (unpacked,) = (tmp_path / "source").iterdir()
    done = run(*build, "wheel", where=unpacked)
    assert done.returncode == 0, done.stderr
    (again,) = tmp_path.glob("tongbao*.whl")
    assert files(again) == files(direct)
    assert {"card_signer/cli.py", "libs/messages/registry.py", "libs/signing/xmldsig.py"} <= files(
        direct
    )


def files(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())
