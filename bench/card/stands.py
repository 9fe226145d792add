"""Cards to measure with, one kind a row: each with our backend to it and with the bare calls.

All hold the same P-256 key and certificate of a made-up company; a token of GM/T 0016 an SM2 key.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.card.raw import pcsc_signature, pkcs11_signature, software_signature
from bench.card.raw_skf import skf_signature
from bench.harness import NotHere, Work
from card_signer.card import Backend, Slot
from card_signer.pin import Pin
from card_signer.pkcs11 import backend as pkcs11_backend
from card_signer.skf.backend import SkfBackend
from card_signer.software import SUFFIX, SoftwareBackend, write
from libs.messages import samples
from libs.messages.parties import Role
from libs.signing.pki import Authority, Issued, Subject
from libs.signing.sm2 import PrivateKey
from sandbox.card import skf
from sandbox.card import token as softhsm
from sandbox.card.apart import card_apart
from sandbox.card.service import Service

PIN = "246802"
_LABEL = "company"
_SECONDS_MAX = 10.0


@dataclass(frozen=True, slots=True)
class Stand:
    """One card: `raw(data)` signs with it and with nothing of ours."""

    backend: Backend
    raw: Callable[[bytes], object]

    @property
    def slot(self) -> Slot:
        """The slot with the card."""
        return next(slot for slot in self.backend.slots() if slot.has_card)

    def raw_work(self, data: bytes) -> Work:
        """The bare calls over and over."""
        return lambda: self.raw(data)


Opened = Callable[[Issued, Path], AbstractContextManager[Stand]]


@contextmanager
def _pcsc(issued: Issued, place: Path) -> Iterator[Stand]:
    """The sandbox's PIV card, a process of its own, behind pcscd's virtual reader."""
    _needs("smartcard", "pyscard")
    if missing := Service.lacks():
        raise NotHere(", ".join(missing))
    from card_signer.pcsc import PcscBackend  # noqa: PLC0415 - where pyscard is

    service = Service(place)
    service.start(instead=True)
    try:
        key, certificate = place / "key.pem", place / "certificate.pem"
        issued.save(key, certificate)
        with card_apart(key, certificate, PIN, service.port):
            backend = PcscBackend()
            _until(lambda: any(slot.has_card for slot in backend.slots()))
            reader = next(slot.name for slot in backend.slots() if slot.has_card)
            yield Stand(backend, pcsc_signature(reader, PIN))
    finally:
        service.stop()


@contextmanager
def _pkcs11(issued: Issued, place: Path) -> Iterator[Stand]:
    """A token of SoftHSM."""
    library = _needs("pkcs11", "python-pkcs11")
    module = softhsm.module()
    if (missing := softhsm.lacks()) or module is None:
        raise NotHere(", ".join(missing))
    drawer = softhsm.Drawer.made(place / "softhsm")
    drawer.token(_LABEL, PIN)
    drawer.put_key(_LABEL, PIN, issued.key)
    drawer.put_certificate(_LABEL, PIN, issued.certificate)
    os.environ.update(drawer.environment)
    try:
        full = library.lib(str(module)).get_slots()[0]
        yield Stand(pkcs11_backend(module), pkcs11_signature(module, full.slot_description, PIN))
    finally:
        library.lib(str(module)).finalize()  # the next one has another drawer


@contextmanager
def _software(issued: Issued, place: Path) -> Iterator[Stand]:
    """A software card."""
    path = place / f"company{SUFFIX}"
    with Pin.typed(PIN) as pin:
        write(path, issued.key, issued.certificate, pin)
    yield Stand(SoftwareBackend(place), software_signature(path, PIN))


@contextmanager
def _skf(issued: Issued, place: Path) -> Iterator[Stand]:
    """A token that is a library: no USB and no slow chip, so that all is the layers' cost."""
    if missing := skf.lacks():
        raise NotHere(", ".join(missing))
    key = PrivateKey.generate()
    company = Subject(Role.OPERATOR, samples.USCC, samples.COMPANY, "李晓明", "2110000001")
    token = skf.Token(skf.build(place))
    token.insert(Authority.create().issue(company, key=key), PIN)
    raw = skf_signature(token.path, key.public.digest, PIN)
    yield Stand(SkfBackend(token.path), raw)


STANDS: Mapping[str, Opened] = {
    "pcsc": _pcsc,
    "pkcs11": _pkcs11,
    "skf": _skf,
    "software": _software,
}


def _needs(module: str, package: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError:
        raise NotHere(package) from None


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS_MAX
    while not holds():
        if time.monotonic() > deadline:
            raise NotHere("a virtual reader that sees its card")
        time.sleep(0.02)
