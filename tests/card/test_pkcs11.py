"""PKCS#11 tokens, on a real module: SoftHSM's, with keys and certificates put on by other tools."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from typer.testing import CliRunner

from card_signer.card import Backend, Card
from card_signer.desk import Desk
from card_signer.pin import Pin
from card_signer.pkcs11 import backend as backend_of
from card_signer.troubles import Trouble
from libs.messages.partners import XML
from libs.signing.pki import Authority, Issued
from libs.signing.trust import TrustStore
from libs.signing.verification import verify
from sandbox.card import token as softhsm
from tests.card import contract
from tests.card.conftest import OPERATOR, PIN, SITE, Someone, refused
from tests.card.contract import WRONG
from tests.card.test_desk import NONCE, PROPOSAL

pkcs11 = pytest.importorskip("pkcs11", reason="python-pkcs11 is not here")
pytestmark = [
    pytest.mark.card,
    pytest.mark.skipif(bool(softhsm.lacks()), reason=f"not here: {', '.join(softhsm.lacks())}"),
]
LABEL = "company"
MODULE = softhsm.module() or Path("-")


@pytest.fixture(scope="module")
def filled(issued: Issued, tmp_path_factory: pytest.TempPathFactory) -> softhsm.Drawer:
    """A drawer with the company's token; tests get copies of it."""
    drawer = softhsm.Drawer.made(tmp_path_factory.mktemp("softhsm"))
    drawer.token(LABEL, PIN)
    drawer.put_key(LABEL, PIN, issued.key)
    drawer.put_certificate(LABEL, PIN, issued.certificate)
    return drawer


@pytest.fixture
def drawer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[softhsm.Drawer]:
    """The one that this process's SoftHSM looks at, with nothing in it yet."""
    made = softhsm.Drawer.made(tmp_path / "softhsm")
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    yield made
    pkcs11.lib(str(MODULE)).finalize()  # the next test has another drawer


@pytest.fixture
def backend(drawer: softhsm.Drawer, filled: softhsm.Drawer) -> Backend:
    """SoftHSM with the company's token."""
    shutil.copytree(filled.folder / "tokens", drawer.folder / "tokens", dirs_exist_ok=True)
    return backend_of(MODULE)


@pytest.fixture
def card(backend: Backend) -> Iterator[Card]:
    with opened(backend) as card:
        yield card


def opened(backend: Backend) -> AbstractContextManager[Card]:
    return backend.open(backend.slots()[0])


def test_a_token_is_listed_and_tells_whose_it_is(backend: Backend, issued: Issued) -> None:
    assert backend.slots()[0].has_card
    (holder,) = Desk([backend], Someone()).holders()
    assert holder.certificate == issued.certificate.public_bytes(Encoding.DER)


def test_its_signatures_fit_its_certificate(card: Card) -> None:
    contract.signatures_fit(card)


def test_a_document_is_signed_through_the_desk(
    backend: Backend, authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_bytes(authority.issued.certificate_pem())
    signed = Desk([backend], Someone()).sign(SITE, PROPOSAL)
    trust = TrustStore(tmp_path / "ca.pem")
    assert verify(signed, XML, None, trust, datetime.now(UTC)).verdict.trusted


def test_a_wrong_pin_is_told_and_the_right_one_works_after_it(card: Card) -> None:
    with Pin.typed(WRONG) as wrong, Pin.typed(PIN) as right:
        for _ in range(3):
            with refused("PIN_WRONG"):
                card.sign(b"x", wrong)
            with refused("PIN_WRONG"):
                card.verify_pin(wrong)
            card.verify_pin(right)
            assert card.sign(b"x", right)


def test_the_pin_is_changed(card: Card) -> None:
    contract.pin_is_changed(card)


@pytest.mark.parametrize("pin", [PIN, WRONG])
def test_the_next_program_finds_nobody_logged_in(backend: Backend, pin: str) -> None:
    """A refused log-in leaves a session open, which only the module's end closes."""
    library = pkcs11.lib(str(MODULE))
    with refused("PIN_WRONG") if pin == WRONG else nullcontext():
        Desk([backend], Someone(pin=pin)).login(SITE, NONCE)
    assert library.initialized is (pin == PIN)
    keys = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}
    with next(pkcs11.lib(str(MODULE)).get_tokens(token_label=LABEL)).open() as session:
        assert not list(session.get_objects(keys))


def test_of_several_certificates_the_one_with_a_key_that_may_sign_is_taken(
    drawer: softhsm.Drawer, authority: Authority, issued: Issued
) -> None:
    drawer.token(LABEL, PIN)
    put_object(b"no certificate at all")
    drawer.put_certificate(LABEL, PIN, authority.issued.certificate, "01")
    for number in range(5):  # SoftHSM tells them in any order
        keyless = authority.issue(replace(OPERATOR, holder="王大为", card=f"K{number}"))
        drawer.put_certificate(LABEL, PIN, keyless.certificate, f"1{number}")
    drawer.put_key(LABEL, PIN, issued.key, "03")
    drawer.put_certificate(LABEL, PIN, issued.certificate, "03")
    again()
    with opened(backend_of(MODULE)) as card, Pin.typed(PIN) as pin:
        assert card.certificate == issued.certificate.public_bytes(Encoding.DER)
        assert card.sign(b"x", pin)


def put_object(value: bytes) -> None:
    """Something that says that it is a certificate."""
    told = {
        pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
        pkcs11.Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
        pkcs11.Attribute.SUBJECT: b"",
        pkcs11.Attribute.VALUE: value,
        pkcs11.Attribute.TOKEN: True,
    }
    again()
    with next(pkcs11.lib(str(MODULE)).get_tokens(token_label=LABEL)).open(
        rw=True, user_pin=PIN
    ) as session:
        session.create_object(told)


def test_tokens_that_cannot_sign_are_told_apart(
    drawer: softhsm.Drawer, authority: Authority, issued: Issued
) -> None:
    desk = Desk([backend_of(MODULE)], Someone())
    with refused("BLANK"):
        desk.sign(SITE, PROPOSAL)
    drawer.token(LABEL, PIN)
    again()
    with unusable("signing certificate"):
        desk.sign(SITE, PROPOSAL)
    drawer.put_certificate(LABEL, PIN, authority.issued.certificate)
    again()
    with unusable("signing certificate"):
        desk.sign(SITE, PROPOSAL)
    drawer.put_certificate(LABEL, PIN, issued.certificate, "02")
    again()
    with unusable("private key"):
        desk.sign(SITE, PROPOSAL)
    other = authority.issue(OPERATOR)
    drawer.put_key(LABEL, PIN, other.key, "02")
    again()
    with pytest.raises(Trouble, match=r"^(GARBLED|FAILED):"):
        desk.sign(SITE, PROPOSAL)


def unusable(why: str) -> Any:
    return pytest.raises(Trouble, match=f"^NOT_OUR_CARD:.*{why}")


def again() -> None:
    """SoftHSM looks at its tokens when it starts."""
    pkcs11.lib(str(MODULE)).reinitialize()


@pytest.mark.parametrize("what", ["nothing", "text", "another library", "a folder", "a bare name"])
def test_a_module_that_is_none_is_told(tmp_path: Path, what: str) -> None:
    text = tmp_path / "text.so"
    text.write_text("not a library")
    path = {
        "nothing": tmp_path / "absent.so",
        "text": text,
        "another library": Path(etree.__file__),
        "a folder": tmp_path,
        "a bare name": Path(MODULE.name),
    }[what]
    with refused("DRIVER") as told:
        backend_of(path).slots()
    assert str(path) in told.value.zh
    assert "CARD_SIGNER_PKCS11" in told.value.todo_zh


def test_a_module_that_does_not_start_is_told_and_works_when_it_can(
    drawer: softhsm.Drawer,
) -> None:
    backend, settings = backend_of(MODULE), drawer.configuration.read_text()
    drawer.configuration.unlink()
    with refused("DRIVER"):
        backend.slots()
    drawer.configuration.write_text(settings)
    assert backend.slots()


def test_a_token_whose_storage_vanishes_signs_nothing(
    backend: Backend, drawer: softhsm.Drawer
) -> None:
    with opened(backend) as card, Pin.typed(PIN) as pin:
        assert card.certificate
        shutil.rmtree(drawer.folder / "tokens")
        with pytest.raises(Trouble, match=r"^(FAILED|REMOVED|NOT_OUR_CARD):"):
            card.sign(b"x", pin)
    (drawer.folder / "tokens").mkdir()  # without it the module does not start again


def test_many_threads_take_turns(backend: Backend) -> None:
    """Its maker is told that one thread uses it; the watch and a signature are two."""
    signed: list[bytes] = []

    def use() -> None:
        for _ in range(10):
            with opened(backend) as card, Pin.typed(PIN) as pin:
                signed.append(card.sign(b"x", pin))

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(signed) == 40


def test_the_command_line_finds_it_by_its_setting(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli = pytest.importorskip("card_signer.cli")
    monkeypatch.setenv("CARD_SIGNER_PKCS11", str(MODULE))
    monkeypatch.setenv("CARD_SIGNER_READERS", "false")
    listed = CliRunner().invoke(cli.app, ["list"])
    assert (listed.exit_code, listed.output.split()[0]) == (0, "pkcs11")
    told = CliRunner().invoke(cli.app, ["info"])
    assert OPERATOR.holder in told.output
    done = CliRunner().invoke(cli.app, ["verify-pin"], input=f"{PIN}\n")
    assert (done.exit_code, "密码正确" in done.output) == (0, True)
