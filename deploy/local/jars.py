"""Kafka's jars: `kafka-jars.lock` names them with their SHA-256, checked before they run."""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from deploy.local.errors import StackError
from deploy.local.progress import Reporter

LOCK = Path(__file__).with_name("kafka-jars.lock")
_TRIES = 3
_AT_ONCE = 6
_STALE_SECONDS = 3600


@dataclass(frozen=True)
class Jar:
    """One line of the lock file."""

    sha256: str
    group: str
    artifact: str
    version: str

    @property
    def coordinate(self) -> tuple[str, str, str]:
        """Group, artifact and version."""
        return self.group, self.artifact, self.version

    @property
    def file_name(self) -> str:
        """Name in the cache; the digest keeps versions of the lock apart."""
        return f"{self.artifact}-{self.version}-{self.sha256[:8]}.jar"


def cache_directory() -> Path:
    """Where jars stay between checkouts: `TONGBAO_CACHE`, or the user's cache directory."""
    chosen = os.environ.get("TONGBAO_CACHE")
    return Path(chosen) if chosen else platformdirs.user_cache_path("tongbao") / "jars"


def locked_jars() -> list[Jar]:
    """What the lock file names."""
    lines = LOCK.read_text().splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    return [Jar(digest, *coordinate.split(":")) for digest, coordinate in rows]


def ensure_jars(report: Reporter, cache: Path | None = None) -> list[Path]:
    """Have every locked jar in the cache, whole and with the right digest.

    Raises: StackError when one cannot be downloaded or is not what the lock says.
    """
    cache = cache or cache_directory()
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StackError(
            f"cannot write to the cache {cache}: {error.strerror}. "
            "Name another directory in the environment variable TONGBAO_CACHE."
        ) from error
    jars = locked_jars()
    missing = [jar for jar in jars if not _is_whole(cache / jar.file_name, jar)]
    if missing:
        _sweep(cache)
        with report.step(f"Downloading Kafka ({len(missing)} files, once)") as step:
            _download_all(
                missing,
                cache,
                lambda done: step.advance(done, len(missing), f"{done}/{len(missing)} files"),
            )
    return [cache / jar.file_name for jar in jars]


def _download_all(jars: list[Jar], cache: Path, tell: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        under_way = [pool.submit(_download, jar, cache) for jar in jars]
        try:
            for done, download in enumerate(as_completed(under_way), start=1):
                download.result()
                tell(done)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _download(jar: Jar, cache: Path) -> None:
    """Fetch one jar beside its place, check it, move it in: half a file is never taken for one."""
    for attempt in range(1, _TRIES + 1):
        with tempfile.TemporaryDirectory(prefix="download-", dir=cache) as place:
            try:
                path = _fetch(jar, Path(place))
            except (OSError, RuntimeError) as error:  # the resolver's and the network's errors
                if attempt == _TRIES:
                    raise StackError(
                        f"could not download {jar.artifact} {jar.version}: {_short(error)}. Check "
                        "the network and the disk, then run the same command again: what is "
                        "already downloaded is kept."
                    ) from error
                time.sleep(attempt)
                continue
            if not _is_whole(path, jar):
                raise StackError(
                    f"{jar.artifact} {jar.version} is not the file that {LOCK.name} names "
                    "(another SHA-256). It was thrown away; nothing of it was run."
                )
            path.replace(cache / jar.file_name)
            return


def _fetch(jar: Jar, place: Path) -> Path:
    from deploy.local import repository  # noqa: PLC0415 - slow to load, and needed once

    return repository.fetch(jar.coordinate, place)


def _is_whole(path: Path, jar: Jar) -> bool:
    return path.exists() and digest(path) == jar.sha256


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sweep(cache: Path) -> None:
    """Throw away what downloads that were killed left behind."""
    for left in cache.glob("download-*"):
        if time.time() - left.stat().st_mtime > _STALE_SECONDS:
            shutil.rmtree(left, ignore_errors=True)


def _short(error: Exception) -> str:
    """What went wrong, without the registry's address."""
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
