"""Keys of a local stack: made once, mended when torn, readable by their owner only."""

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.local.home import Home
from deploy.local.keys import ensure_keys, entries
from libs.messages.parties import Role
from libs.signing.encryption import Opener, Recipient, Signed
from libs.signing.signers import FileSigner
from libs.signing.trust import TrustStore
from libs.signing.verification import verify
from libs.signing.xmldsig import sign_xml


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("home"))
    home.prepare()
    ensure_keys(home)
    return home


def contents(home: Home) -> dict[Path, bytes]:
    return {
        path: path.read_bytes() for folder in (home.pki, home.cards) for path in folder.iterdir()
    }


def test_every_card_signs_in_its_role(home: Home) -> None:
    trust = TrustStore.load(home.pki / "ca.pem", home.pki / "crl.pem")
    for entry in [entry for entry in entries(home) if not entry.encryption]:
        signer = FileSigner.load(entry.key, entry.certificate)
        signed = sign_xml(b"<Ping xmlns='urn:test'/>", signer)
        verdict = verify(signed, "application/xml", None, trust, datetime.now(UTC)).verdict
        assert verdict.trusted
        assert verdict.signer
        assert (verdict.signer.role, verdict.signer.party) == (
            entry.subject.role,
            entry.subject.party,
        )


def test_who_wants_it_can_be_encrypted_to_and_can_read_it(home: Home) -> None:
    trust = TrustStore.load(home.pki / "ca.pem", home.pki / "crl.pem")
    encrypted = [entry for entry in entries(home) if entry.encryption]
    assert encrypted
    for entry in encrypted:
        recipient = Recipient.load(entry.certificate, entry.subject.party, trust)
        signed = Signed(b"<Ping/>", "application/xml")
        assert Opener.load(entry.key).open(recipient.encrypt(signed)) == signed


def test_there_are_two_companies_with_both_cards_each(home: Home) -> None:
    cards = [entry.subject for entry in entries(home) if entry.path.parent == home.cards]
    assert len({card.party for card in cards}) == 2
    assert [card.role for card in cards] == [Role.LEGAL_PERSON, Role.OPERATOR] * 2


def test_keys_are_made_once(home: Home) -> None:
    before = contents(home)
    ensure_keys(home)
    assert contents(home) == before


def test_only_their_owner_reads_keys(home: Home) -> None:
    keys = [entry.key for entry in entries(home)] + [home.pki / "ca.key"]
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}


def test_a_torn_pair_is_made_anew_and_the_others_stay(home: Home) -> None:
    before = contents(home)
    torn = home.cards / "tongda-operator.pem"
    torn.unlink()
    ensure_keys(home)
    changed = {path for path, data in contents(home).items() if before[path] != data}
    assert changed == {torn, torn.with_suffix(".key")}


def test_a_lost_authority_makes_everything_anew(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    ensure_keys(home)
    before = contents(home)
    (home.pki / "ca.key").unlink()
    ensure_keys(home)
    assert not set(before.values()) & set(contents(home).values())
