"""`python -m libs.messages generate` writes schemas, examples and pages; `check` looks at them."""

import sys

import orjson

from libs.messages.compat import breaking_changes
from libs.messages.generated import SCHEMAS, files, json_schema, json_schema_path, unclaimed
from libs.messages.registry import KINDS

USAGE = "usage: python -m libs.messages generate | check"
EXIT_WRONG_USE = 2


def main(arguments: list[str]) -> int:
    """The exit code: 0 fresh or written, 1 stale or breaking, 2 wrong use."""
    if arguments not in (["generate"], ["check"]):
        sys.stderr.write(USAGE + "\n")
        return EXIT_WRONG_USE
    if broken := breaks():
        sys.stderr.write("".join(f"{line}\n" for line in broken))
        sys.stderr.write("a published kind changes only by a new version: add one\n")
        return 1
    return _generate() if arguments == ["generate"] else _check()


def breaks() -> list[str]:
    """What differs from the published schemas in a way that breaks their holders."""
    gone = [
        f"{path.name}: the kind was removed"
        for path in unclaimed()
        if path.suffix == ".json" and path.is_relative_to(SCHEMAS)
    ]
    return gone + [
        f"{kind.ce_type}: {change}"
        for kind in KINDS.values()
        if json_schema_path(kind).exists()
        for change in breaking_changes(
            orjson.loads(json_schema_path(kind).read_bytes()), json_schema(kind)
        )
    ]


def _generate() -> int:
    for path, content in files():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)
            sys.stdout.write(f"{path}\n")
    return 0


def _check() -> int:
    stale = [path for path, content in files() if not path.exists() or path.read_bytes() != content]
    for path in stale:
        sys.stderr.write(f"{path} is stale: run `python -m libs.messages generate`\n")
    for path in (orphans := unclaimed()):
        sys.stderr.write(f"{path} belongs to no kind: a published kind stays, or remove the file\n")
    return 1 if stale or orphans else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
