"""SKF (GM/T 0016): what a good token does, and what a bad one, or none, may say."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from card_signer.card import Card, CardSigner
from card_signer.desk import LOCAL, Desk
from card_signer.pin import Pin
from card_signer.settings import load
from card_signer.skf.backend import SkfBackend
from libs.messages.partners import XML
from libs.signing import TrustStore, verify
from libs.signing.pki import Authority, Issued
from libs.signing.sm2 import PrivateKey
from sandbox.card.skf import Token, build, lacks
from tests.card import contract
from tests.card.conftest import OPERATOR, PIN, Someone, refused
from tests.card.contract import WRONG
from tests.support.people import a_document, now

NAME = "通保 Key 1"
ULONGS = {"four bytes": "unsigned int", "eight bytes": "unsigned long"}
CALLS = [
    "ConnectDev",
    "EnumApplication",
    "OpenApplication",
    "EnumContainer",
    "OpenContainer",
    "ExportCertificate",
    "VerifyPIN",
    "ECCSignData",
]


@pytest.fixture(scope="session", params=list(ULONGS.values()), ids=list(ULONGS))
def library(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    if missing := lacks():
        pytest.skip(f"not here: {', '.join(missing)}")
    return build(tmp_path_factory.mktemp("skf"), request.param)


@pytest.fixture(scope="session")
def sm2_card(authority: Authority) -> Issued:
    return authority.issue(OPERATOR, key=PrivateKey.generate())


@pytest.fixture
def token(library: Path, sm2_card: Issued) -> Token:
    token = Token(library)
    token.insert(sm2_card, PIN)
    return token


@pytest.fixture
def backend(token: Token) -> SkfBackend:
    return SkfBackend(token.path)


def sign(backend: SkfBackend, data: bytes = b"data", typed: str = PIN) -> bytes:
    with Pin.typed(typed) as pin, backend.open(backend.slots()[0]) as card:
        return CardSigner(card, pin).sign(data)


def fits(issued: Issued, signature: bytes, data: bytes) -> bool:
    return issued.signer.suite.verify(issued.key.public, signature, data)


def test_a_token_is_a_slot_with_a_card(backend: SkfBackend) -> None:
    (slot,) = backend.slots()
    assert (slot.backend, slot.name, slot.has_card) == ("skf", NAME, True)


def test_it_tells_its_certificate_and_how_many_tries_are_left(
    backend: SkfBackend, sm2_card: Issued
) -> None:
    with backend.open(backend.slots()[0]) as card:
        assert card.certificate == sm2_card.signer.certificate
        assert card.tries_left() == 3


def test_its_signatures_fit_its_certificate(backend: SkfBackend) -> None:
    with backend.open(backend.slots()[0]) as card:
        contract.signatures_fit(card)


def test_a_document_is_signed_at_the_desk_and_trusted(
    backend: SkfBackend, authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_bytes(authority.issued.certificate_pem())
    signed = Desk([backend], Someone()).sign(LOCAL, a_document())
    verdict = verify(signed, XML, None, TrustStore.load(tmp_path / "ca.pem"), now()).verdict
    assert (verdict.reason, verdict.suite) == ("OK", "sm2-sm3")


def test_nothing_stays_open_and_the_pin_is_not_left_shown(
    backend: SkfBackend, token: Token
) -> None:
    slot = backend.slots()[0]
    with Pin.typed(PIN) as pin, backend.open(slot) as card:
        card.verify_pin(pin)
        assert token.logged_in()
        assert token.open_handles() == 3  # token, application, container
    assert not token.logged_in()
    assert token.open_handles() == 0


def test_a_wrong_pin_costs_a_try_and_three_lock_it(backend: SkfBackend) -> None:
    with backend.open(backend.slots()[0]) as card:
        contract.three_wrong_pins_lock(card)


def test_a_right_pin_gives_the_tries_back(backend: SkfBackend, token: Token) -> None:
    with refused("PIN_WRONG"):
        sign(backend, typed=WRONG)
    sign(backend)
    assert token.tries() == 3


def test_the_last_try_is_not_used_without_a_word(backend: SkfBackend, token: Token) -> None:
    desk = Desk([backend], Someone(WRONG))
    for _ in range(2):
        with refused("PIN_WRONG"):
            desk.sign(LOCAL, a_document())
    with refused("LAST_TRY"):
        desk.sign(LOCAL, a_document())
    with Pin.typed(PIN) as pin, refused("LAST_TRY"):
        desk.verify_pin(pin)
    assert token.tries() == 1


def test_the_pin_is_changed(backend: SkfBackend) -> None:
    with backend.open(backend.slots()[0]) as card:
        contract.pin_is_changed(card)


def test_a_pin_that_the_token_finds_too_short_is_told(backend: SkfBackend, token: Token) -> None:
    with backend.open(backend.slots()[0]) as card, refused("PIN_FORM"):
        card.verify_pin(Pin(b"123"))
    assert token.tries() == 3


def test_a_token_that_is_not_there_is_no_slot(backend: SkfBackend, token: Token) -> None:
    slot = backend.slots()[0]
    token.present(0)
    assert backend.slots() == []
    with refused("NO_CARD"), backend.open(slot):
        pass


@pytest.mark.parametrize("silent", [False, True], ids=["and it says so", "without a word"])
@pytest.mark.parametrize("call", CALLS)
def test_a_token_taken_out_at_any_step_is_told(
    backend: SkfBackend, token: Token, call: str, silent: bool
) -> None:
    if silent:
        token.will("removed without a word")
    token.pull_before(call)
    with refused("NO_CARD" if call == "ConnectDev" else "REMOVED"):
        sign(backend)
    assert token.open_handles() == 0


def test_a_token_taken_out_while_the_user_reads_is_told(backend: SkfBackend, token: Token) -> None:
    someone = Someone(meanwhile=lambda: token.present(0))
    with refused("REMOVED"):
        Desk([backend], someone).sign(LOCAL, a_document())


LIES = {
    "devices without end": "GARBLED",
    "a certificate without end": "GARBLED",
    "a certificate cut off": "NOT_OUR_CARD",
    "a certificate of nothing": "NOT_OUR_CARD",
    "garbage for a certificate": "NOT_OUR_CARD",
    "no certificate": "NOT_OUR_CARD",
    "refuses to sign": "GARBLED",
    "a signature of zeros": "GARBLED",
    "a signature out of range": "GARBLED",
    "a signature at the wrong end": "GARBLED",
    "a signature over something else": "GARBLED",
}


@pytest.mark.parametrize(("lie", "code"), LIES.items())
def test_a_token_that_lies_is_told(backend: SkfBackend, token: Token, lie: str, code: str) -> None:
    token.will(lie)
    with refused(code):
        sign(backend)
    assert token.open_handles() == 0


def test_tries_that_cannot_be_are_not_shown(backend: SkfBackend, token: Token) -> None:
    token.will("tries without end")
    with backend.open(backend.slots()[0]) as card:
        with refused("GARBLED"):
            card.tries_left()
        with Pin.typed(WRONG) as pin, refused("GARBLED"):
            card.verify_pin(pin)


def test_a_token_with_a_key_of_another_kind_is_told(
    backend: SkfBackend, token: Token, authority: Authority
) -> None:
    token.insert(authority.issue(OPERATOR, key=ec.generate_private_key(ec.SECP256R1())), PIN)
    with refused("NOT_OUR_CARD"):
        sign(backend)


# libraries that are none


def opened(path: Path) -> Card:
    with SkfBackend(path).open(SkfBackend(path).slots()[0]) as card:
        return card


def test_a_library_that_is_not_there_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.so", tmp_path, Path("libcrypto.so.3")):
        with refused("DRIVER"):
            opened(path)


def test_a_file_that_is_no_library_is_told(tmp_path: Path) -> None:
    for number, data in enumerate((b"", b"text", b"\x7fELF" + bytes(100))):
        path = tmp_path / f"{number}.so"
        path.write_bytes(data)
        with refused("DRIVER"):
            opened(path)


def test_a_library_of_something_else_is_told_with_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "other.c"
    source.write_text("int SKF_EnumDev(void) { return 0; }\n")
    monkeypatch.setattr("sandbox.card.skf.SOURCE", source)
    with refused("DRIVER") as told:
        opened(build(tmp_path, "int"))
    assert "SKF_ConnectDev" in str(told.value)


def test_the_library_is_a_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CARD_SIGNER_SKF", str(tmp_path / "lib.so"))
    assert load().skf == tmp_path / "lib.so"
