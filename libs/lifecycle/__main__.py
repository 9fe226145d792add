"""`python -m libs.lifecycle generate|check`: write, or check, what is made from the tables."""

import sys

from libs.lifecycle.pages import generate, stale

WRONG_USE = 2


def main(arguments: list[str]) -> int:
    """Exit code: 0 done or fresh, 1 stale, 2 wrong use."""
    if arguments == ["generate"]:
        generate()
        return 0
    if arguments in (["check"], ["generate", "--check"]):
        for path in (old := stale()):
            sys.stderr.write(f"stale: {path}; run `python -m libs.lifecycle generate`\n")
        return 1 if old else 0
    sys.stderr.write("usage: python -m libs.lifecycle generate|check\n")
    return WRONG_USE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
