"""`python -m services NAME…` runs services in one process; `… migrate NAME…` prepares tables."""

import asyncio
import importlib
import sys

from libs.service import Service
from services import names

WRONG_USE = 2
_USAGE = "usage: python -m services [migrate] NAME…   with NAME one of: {names}"


def find(name: str) -> Service:
    """A service by name."""
    service: Service = importlib.import_module(f"services.{name}.app").SERVICE
    return service


def main(arguments: list[str]) -> int:
    """Do what the arguments say; returns the exit code."""
    wants_migration = arguments[:1] == ["migrate"]
    chosen = arguments[1:] if wants_migration else arguments
    unknown = [name for name in chosen if name not in names()]
    if not chosen or unknown:
        for name in unknown:
            print(f"there is no service {name}", file=sys.stderr)
        print(_USAGE.format(names=" ".join(names())), file=sys.stderr)
        return WRONG_USE
    services = [find(name) for name in chosen]
    if wants_migration:
        from libs.service.migrating import migrate_all  # noqa: PLC0415 - needs no Kafka

        return asyncio.run(migrate_all(services))
    from libs.service.runner import run  # noqa: PLC0415 - loads Kafka's client

    return run(*services)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
