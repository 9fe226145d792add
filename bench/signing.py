"""Signatures alone, like for like: `python -m bench.signing`.

`bench/signatures.py` measures our own way of a message (verify and decode). Here every side does
the same on the same bytes: verify a signature and that its certificate leads to a trusted root.
The references build the chain each time, ours remembers it. Exit 0 when every target was met.
"""

import sys
from datetime import UTC, datetime
from functools import partial

from bench.harness import Result, compare
from bench.references import floor, trusting
from bench.signatures import VERIFY_TARGETS, sign_bench
from bench.signed import Bench, a_bench
from libs.messages.partners import XML
from libs.signing import verify


def trusted_bench() -> Result:
    """Verify up to a trusted root, without decoding."""
    bench = a_bench()
    with trusting(bench) as libraries:
        works = {**libraries, "floor": floor(bench)}
        targets = {name: (work, VERIFY_TARGETS[name]) for name, work in works.items()}
        return compare("verify to a trusted root", partial(_ours, bench), targets)


def _ours(bench: Bench) -> None:
    verdict = verify(bench.signed, XML, None, bench.trust, datetime.now(UTC)).verdict
    if not verdict.trusted:
        raise AssertionError(verdict)


def main() -> int:
    """Print value, references and ratios; the exit code."""
    met = True
    for result in (trusted_bench(), sign_bench()):
        met = met and result.met
        sys.stdout.write(f"{result.name}: {result.value:,.0f} {result.unit}\n")
        for row in result.reference:
            sys.stdout.write(
                f"  {row.name:<14} {row.value:>8,.0f}  ratio {row.ratio:>5}"
                f"  target {row.target:>4}  {'met' if row.met else 'not met'}\n"
            )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
