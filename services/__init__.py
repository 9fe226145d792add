"""The business: one folder a service. They never import each other."""

from pathlib import Path


def names() -> list[str]:
    """The services there are: folders with an app."""
    return sorted(path.parent.name for path in Path(__file__).parent.glob("*/app.py"))
