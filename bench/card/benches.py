"""Benchmarks `card-pcsc`, `-pkcs11`, `-skf` and `-software`: our layer beside the bare calls."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from bench.card.stands import PIN, STANDS, Stand
from bench.harness import Result, compare
from bench.signed import Bench, a_bench
from card_signer.card import Backend, CardSigner, Slot
from card_signer.holder import holder_of
from card_signer.pin import Pin
from libs.messages.partners import XML

_TARGET = 0.9
_TOLD = {
    "pcsc": "PIV card of the sandbox, a process of its own, behind pcscd and vpcd",
    "pkcs11": "token of SoftHSM",
    "skf": "token of GM/T 0016 whose chip is OpenSSL in the same process",
    "software": "encrypted card file",
}
_KEYS = {"skf": "SM2"}  # others are P-256


@contextmanager
def stood(kind: str) -> Iterator[tuple[Stand, Bench]]:
    """A card of this kind, and a company whose it is. Raises NotHere."""
    bench = a_bench()
    with tempfile.TemporaryDirectory() as folder, STANDS[kind](bench.card, Path(folder)) as stand:
        yield stand, bench


def signatures(kind: str) -> Result:
    """Signatures a second by one kind of card, opened anew for each. Raises NotHere."""
    with stood(kind) as (stand, bench):
        data = bench.kind.codec.encode(bench.message, XML)
        ours = partial(_sign, stand.backend, stand.slot, data)
        result = compare(f"card-{kind}", ours, {"bare calls": (stand.raw_work(data), _TARGET)})
    load = (
        f"{_TOLD[kind]}; opened, whose it is, PIN, "
        f"{_KEYS.get(kind, 'P-256')} signature over {len(data):,} bytes, left"
    )
    return replace(result, unit="signatures/s", load=load)


def pcsc_bench() -> Result:
    """`card-pcsc`."""
    return signatures("pcsc")


def pkcs11_bench() -> Result:
    """`card-pkcs11`."""
    return signatures("pkcs11")


def skf_bench() -> Result:
    """`card-skf`."""
    return signatures("skf")


def software_bench() -> Result:
    """`card-software`."""
    return signatures("software")


def _sign(backend: Backend, slot: Slot, data: bytes) -> None:
    with backend.open(slot) as card, Pin.typed(PIN) as pin:
        holder_of(card.certificate)
        CardSigner(card, pin).sign(data)
