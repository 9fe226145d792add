"""Benchmarks `verify` and `sign`: one signed cargo proposal of 6.5 KB, one core.

`verify` is a message's whole way: from bytes to a trusted signer and a decoded message. The
libraries verify up to the same root and decode nothing. Where the signer's key was known to them
beforehand, their figures stand beside, without a target.
"""

from datetime import UTC, datetime
from functools import partial

from bench.harness import Figure, Result, compare
from bench.references import floor, signing, trusting, with_key
from bench.signed import Bench, a_bench
from libs.messages.partners import XML
from libs.signing import sign_canonical, verify

VERIFY_TARGETS = {"signxml": 4.0, "python-xmlsec": 1.8, "floor": 0.65}
SIGN_TARGETS = {"signxml": 4.0, "python-xmlsec": 2.0}


def verify_bench() -> Result:
    """Verify and decode."""
    bench = a_bench()
    ours = partial(verify_and_decode, bench)
    with trusting(bench) as libraries:
        works = {**libraries, "floor": floor(bench)}
        result = compare("verify", ours, {n: (w, VERIFY_TARGETS[n]) for n, w in works.items()})
    known = compare("verify", ours, {name: (work, 0) for name, work in with_key(bench).items()})
    figures = [
        Figure(f"ratio to {row.name} with the key at hand", row.ratio, "x")
        for row in known.reference
    ]
    load = f"one cargo proposal of {len(bench.signed):,} bytes, to a trusted root, decoded"
    return Result("verify", result.value, result.unit, result.reference, figures=figures, load=load)


def sign_bench() -> Result:
    """Build, encode and sign."""
    bench = a_bench()
    works = {name: (work, SIGN_TARGETS[name]) for name, work in signing(bench).items()}
    result = compare("sign", partial(_sign, bench), works)
    load = f"one cargo proposal of {len(bench.signed):,} bytes when signed, encoded and signed"
    return Result("sign", result.value, result.unit, result.reference, load=load)


def verify_and_decode(bench: Bench) -> None:
    """Our own way, as services do it."""
    verified = verify(bench.signed, XML, None, bench.trust, datetime.now(UTC))
    if not verified.verdict.trusted or verified.content is None:
        raise AssertionError(verified.verdict)
    bench.kind.codec.decode(verified.content, XML)


def _sign(bench: Bench) -> None:
    sign_canonical(bench.kind.codec.encode(bench.message, XML), bench.card.signer)
