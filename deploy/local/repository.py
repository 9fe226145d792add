"""The repository Kafka's jars come from, reached without Java.

`python -m deploy.local.repository` resolves Kafka anew and writes the lock, for a new version.
"""

import tempfile
from pathlib import Path

from jgo.maven import Artifact, Dependency, MavenContext, PythonResolver

from deploy.local.jars import LOCK, digest

_KAFKA = ("org.apache.kafka", "kafka_2.13", "4.1.1")
# joins slf4j 1.7, which Kafka logs to, with the log4j that Kafka brings; taken alone, because its
# project manages other versions of Kafka's parts
_LOG_BINDING = ("org.apache.logging.log4j", "log4j-slf4j-impl", "2.24.3")
_TIMEOUT_SECONDS = 60


def fetch(coordinate: tuple[str, str, str], place: Path) -> Path:
    """Download one jar into a directory.

    Raises: OSError, RuntimeError when the repository does not give it.
    """
    context = _context(place)
    path = context.resolver.download(_artifact(context, *coordinate))
    if path is None:
        raise RuntimeError("not found")
    return path


def write_lock() -> None:
    """Resolve Kafka and its dependencies anew and write names and digests to the lock file."""
    with tempfile.TemporaryDirectory() as place:
        context = _context(Path(place))
        kafka = _artifact(context, *_KAFKA)
        chosen, needed = context.resolver.resolve([Dependency(kafka)])
        artifacts = [one.artifact for one in [*chosen, *needed] if one.artifact.packaging == "jar"]
        artifacts.append(_artifact(context, *_LOG_BINDING))
        lines = [
            f"{digest(one.resolve())}  {one.groupId}:{one.artifactId}:{one.version}"
            for one in artifacts
        ]
    lines.sort(key=lambda line: line.split()[1])
    head = (
        "# SHA-256 and coordinates of Kafka's jars; written by `python -m deploy.local.repository`"
    )
    LOCK.write_text("\n".join([head, *lines]) + "\n")


def _artifact(context: MavenContext, group: str, artifact: str, version: str) -> Artifact:
    return context.project(group, artifact).at_version(version).artifact()


def _context(place: Path) -> MavenContext:
    return MavenContext(resolver=PythonResolver(), repo_cache=place, timeout=_TIMEOUT_SECONDS)


if __name__ == "__main__":
    write_lock()
