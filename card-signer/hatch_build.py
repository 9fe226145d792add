"""Puts Tongbao's vocabulary and signatures into what is built: they are shipped with the program.

In the repository they are beside this folder, in a source distribution within it.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_PARTS = ("libs/__init__.py", "libs/py.typed", "libs/messages", "libs/signing")


class Vocabulary(BuildHookInterface[Any]):
    """Found by hatchling, for wheels and source distributions alike."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the parts. Raises FileNotFoundError when they are in neither place."""
        here = Path(self.root)
        for part in _PARTS:
            found = next(path for path in (here / part, here.parent / part) if path.exists())
            build_data["force_include"][str(found)] = part
