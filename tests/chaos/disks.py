"""Small disks that can be filled to the last byte; they need the right to mount."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

_BLOCKS_BYTES = (1024 * 1024, 4096, 1)
_STAT_BLOCK_BYTES = 512  # whatever the file system's own are


@dataclass(frozen=True)
class Disk:
    """A mounted file system of its own."""

    place: Path

    def fill(self) -> None:
        """Take all the space there is."""
        with self._ballast.open("wb", buffering=0) as ballast:
            for size in _BLOCKS_BYTES:
                with suppress(OSError):
                    while True:
                        os.write(ballast.fileno(), b"\0" * size)

    def free(self) -> None:
        """Give it back."""
        self._ballast.unlink(missing_ok=True)

    @property
    def _ballast(self) -> Path:
        return self.place / "ballast"


@contextmanager
def small_disk(place: Path, size_bytes: int) -> Iterator[Disk]:
    """A disk mounted at `place` for a while; skips the test where mounting is not permitted."""
    place.mkdir()
    if not _done("mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(place)):
        place.rmdir()
        pytest.skip("a small disk cannot be mounted here: needs root")
    try:
        yield Disk(place)
    finally:
        assert _done("umount", str(place)), f"{place} is still in use"
        place.rmdir()


def allocated(place: Path) -> int:
    """The bytes that all files in a folder take, without the holes in them."""
    return sum(file.stat().st_blocks for file in place.rglob("*")) * _STAT_BLOCK_BYTES


def copy(from_: Path, to: Path) -> None:
    """All that is in one folder into another; holes in files stay holes."""
    to.mkdir(exist_ok=True)
    assert _done("cp", "-a", "--sparse=always", f"{from_}/.", str(to)), f"cannot copy {from_}"


def _done(*command: str) -> bool:
    tool = shutil.which(command[0])
    if tool is None:
        return False
    ended = subprocess.run((tool, *command[1:]), capture_output=True, check=False)
    return ended.returncode == 0
