"""Signatures alone, like for like: `python -m bench.signing`.

`bench/signatures.py` measures our own way of a message (verify and decode). Here every side does
the same on the same bytes: verify a signature and that its certificate leads to a trusted root.
The references build the chain each time, ours remembers it. Exit 0 when every target was met.
"""

import sys
import tempfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import xmlsec
from lxml import etree
from signxml.verifier import SignatureConfiguration, XMLVerifier

from bench.harness import Result, compare
from bench.signatures import Bench, a_bench, floor, sign_bench
from libs.messages.partners import XML
from libs.signing import verify


def trusted_bench() -> Result:
    """Verify up to a trusted root, without decoding."""
    bench = a_bench()
    with tempfile.TemporaryDirectory() as folder:
        ca = Path(folder) / "ca.pem"
        ca.write_bytes(bench.root_pem)
        return compare(
            "verify to a trusted root",
            partial(_ours, bench),
            {
                "signxml": (partial(_signxml, bench, ca), 4.0),
                "python-xmlsec": (partial(_xmlsec, bench, _manager(ca)), 1.8),
                "floor": (floor(bench), 0.65),
            },
        )


def _ours(bench: Bench) -> None:
    verdict = verify(bench.signed, XML, None, bench.trust, datetime.now(UTC)).verdict
    if not verdict.trusted:
        raise AssertionError(verdict)


def _signxml(bench: Bench, ca: Path) -> None:
    config = SignatureConfiguration(location="./")
    XMLVerifier().verify(bench.signed, ca_pem_file=str(ca), expect_config=config)


def _manager(ca: Path) -> xmlsec.KeysManager:
    manager = xmlsec.KeysManager()
    manager.load_cert(
        str(ca), xmlsec.constants.KeyDataFormatPem, xmlsec.constants.KeyDataTypeTrusted
    )
    return manager


def _xmlsec(bench: Bench, manager: xmlsec.KeysManager) -> None:
    root = etree.fromstring(bench.signed)
    node = xmlsec.tree.find_node(root, xmlsec.constants.NodeSignature)
    if node is None:
        raise AssertionError("not signed")
    context = xmlsec.SignatureContext(manager)  # type: ignore[call-arg]  # missing in its stub
    context.verify(node)


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
