"""Rules of the house that a machine keeps; `lint-imports` keeps those about who imports whom."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES_MAX = 300
# backwards, so that this file names none of them either
REGISTRIES = [
    name[::-1]
    for name in (
        "gro.ipyp",
        "gro.detsohnohtyp.",
        "moc.etisonelas.",
        "gro.nevam.oper",
        "gro.ehcapa.nevam",
        "gro.smjpn.",
        "oi.setarc",
        "gro.gnalog.yxorp",
        "gro.naibed.bed",
    )
]
ROOMS = ("libs", "services", "sandbox", "deploy", "tests")


def tracked() -> list[Path]:
    """Every file of the repository, committed or about to be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return [ROOT / line for line in listing.stdout.splitlines() if (ROOT / line).is_file()]


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="ignore")


def test_no_tracked_file_names_a_package_registry() -> None:
    named = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in tracked()
        for host in REGISTRIES
        if host in text_of(path).lower()
    ]
    assert not named


def test_no_tracked_file_names_a_machine_of_its_makers() -> None:
    places = re.compile("/" + "work/(main|shared)|/" + "tmp/w/")
    assert not [path for path in tracked() if places.search(text_of(path))]


def test_source_files_are_short() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {count} lines"
        for path in tracked()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] != "tests"
        if (count := len(text_of(path).splitlines())) > LINES_MAX
    ]
    assert not long


def rooms() -> list[Path]:
    """Folders a newcomer enters: each service and library, and the rooms that hold them."""
    packages = {path.parent for path in tracked() if path.name == "__init__.py"}
    wanted = {ROOT / room for room in ("sandbox", "deploy", "deploy/local")}
    wanted |= {place for place in packages if place.parent in (ROOT / "libs", ROOT / "services")}
    return sorted(wanted)


@pytest.mark.parametrize("room", rooms(), ids=lambda room: str(room.relative_to(ROOT)))
def test_a_room_has_a_readme(room: Path) -> None:
    assert (room / "README.md").exists()


def test_every_make_target_has_a_sentence() -> None:
    makefile = text_of(ROOT / "Makefile")
    phony = re.search(r"\.PHONY:((?:.*\\\n)*.*)", makefile)
    assert phony
    targets = phony.group(1).replace("\\\n", " ").split()
    told = re.findall(r"^([a-z-]+):.*## [A-Z].+$", makefile, re.MULTILINE)
    assert sorted(told) == sorted(targets)


def test_make_alone_lists_every_target() -> None:
    listing = subprocess.run(["make"], cwd=ROOT, check=True, capture_output=True, text=True)
    told = re.findall(r"^([a-z-]+):.*## ", text_of(ROOT / "Makefile"), re.MULTILINE)
    assert all(f"make {target} " in listing.stdout for target in told)


@pytest.mark.parametrize("name", ["requirements.lock", "card-signer/requirements.lock"])
def test_every_locked_package_has_a_digest_and_no_index(name: str) -> None:
    lock = text_of(ROOT / name)
    pins = re.findall(r"^[a-z0-9-]+==\S+(?:.*?)\\\n(?:.*\\\n)*.*--hash=sha256:", lock, re.MULTILINE)
    assert len(pins) == len(re.findall(r"^[a-z0-9-]+==", lock, re.MULTILINE))
    assert "index-url" not in lock
    assert "://" not in lock


def test_every_jar_of_kafka_has_a_digest() -> None:
    lines = text_of(ROOT / "deploy/local/kafka-jars.lock").splitlines()
    jars = [line for line in lines if not line.startswith("#")]
    assert jars
    assert all(re.fullmatch(r"[0-9a-f]{64}  [\w.-]+:[\w.-]+:[\w.-]+", line) for line in jars)
