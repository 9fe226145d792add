"""Revocation, trust files, and what a store remembers of them."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from libs.messages.partners import XML
from libs.signing import SignerError, TrustStore, der, trust, verify
from libs.signing.authorities import Authorities
from libs.signing.chains import May
from libs.signing.pki import Authority
from tests.support.people import OPERATOR, People, now
from tests.unit.signing.cards import judged, signed_by


def test_a_revoked_card_is_refused_from_then_on(tmp_path: Path) -> None:
    people = People(tmp_path)
    document, store = signed_by(people.operator), people.trust
    assert verify(document, XML, None, store, now()).verdict.reason == "OK"
    people.revoke(people.operator)
    store.refresh()
    assert verify(document, XML, None, store, now()).verdict.reason == "REVOKED"
    others = signed_by(people.authority.issue(OPERATOR))
    assert verify(others, XML, None, store, now()).verdict.reason == "OK"


def test_what_was_signed_before_the_revocation_stays_valid(tmp_path: Path) -> None:
    people = People(tmp_path, Authority.create(since=now() - timedelta(days=9)))
    card = people.authority.issue(OPERATOR, since=now() - timedelta(days=8))
    revoked_at = now() - timedelta(days=1)
    people.crl.write_bytes(people.authority.revocations([card.certificate], revoked_at))
    document, store = signed_by(card), people.trust
    earlier = revoked_at - timedelta(hours=1)
    assert verify(document, XML, None, store, earlier).verdict.reason == "OK"
    assert verify(document, XML, None, store, now()).verdict.reason == "REVOKED"


def test_a_revoked_intermediate_takes_its_cards_with_it(tmp_path: Path) -> None:
    root = Authority.create(path_length=1)
    middle = Authority.create("Middle", parent=root)
    (tmp_path / "root.crt").write_bytes(root.issued.certificate_pem())
    (tmp_path / "middle.crt").write_bytes(middle.issued.certificate_pem())
    (tmp_path / "root.crl").write_bytes(root.revocations([middle.issued.certificate]))
    store = TrustStore.load(tmp_path, tmp_path / "root.crl")
    assert judged(middle.issue(OPERATOR), store) == "REVOKED"


def test_one_certificate_has_one_spelling(tmp_path: Path) -> None:
    """The bits of its signature that do not count could be told otherwise: another fingerprint."""
    people = People(tmp_path)
    while (data := people.authority.issue(OPERATOR).signer.certificate)[-1] & 1:
        pass  # half of them end in a bit that could be left out
    *_, signature = der.parts(data)
    assert people.trust.check(data).chained
    where = len(data) - len(der.bits(signature)) - 1
    changed = data[:where] + b"\x01" + data[where + 1 :]
    assert x509.load_der_x509_certificate(changed).serial_number  # others read it
    with pytest.raises(ValueError, match="whole bytes"):
        people.trust.check(changed)


@pytest.mark.parametrize("name", ["one.pem", "one.crl"])
def test_every_list_of_a_folder_counts(tmp_path: Path, name: str) -> None:
    people = People(tmp_path)
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "a.crl").write_bytes(people.authority.revocations([]))
    revoked = people.authority.revocations([people.operator.certificate])
    (lists / name).write_bytes(revoked)
    assert judged(people.operator, TrustStore.load(people.ca, lists)) == "REVOKED"


def test_every_list_of_a_file_counts(tmp_path: Path) -> None:
    people = People(tmp_path)
    revoked = people.authority.revocations([people.operator.certificate])
    people.crl.write_bytes(people.authority.revocations([]) + revoked)
    assert judged(people.operator, people.trust) == "REVOKED"


def test_a_list_of_a_foreign_authority_is_refused(tmp_path: Path) -> None:
    people = People(tmp_path)
    people.crl.write_bytes(Authority.create().revocations([]))
    with pytest.raises(SignerError, match="not signed by a trusted authority"):
        TrustStore.load(people.ca, people.crl)


def test_a_partial_list_is_refused(tmp_path: Path) -> None:
    people = People(tmp_path)
    issuer = people.authority.issued
    builder = x509.CertificateRevocationListBuilder(
        issuer.certificate.subject, now(), now() + timedelta(days=1)
    ).add_extension(x509.DeltaCRLIndicator(1), critical=True)
    crl = builder.sign(issuer.key, hashes.SHA256())
    people.crl.write_bytes(crl.public_bytes(Encoding.PEM))
    with pytest.raises(SignerError, match="partial list"):
        TrustStore.load(people.ca, people.crl)


# trust files


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"-----BEGIN CERTIFICATE-----\nx\n",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ],
)
def test_unusable_trust_files_are_named(tmp_path: Path, content: bytes) -> None:
    people = People(tmp_path)
    path = tmp_path / "x.pem"
    path.write_bytes(content)
    with pytest.raises(SignerError, match=re.escape(str(path))):
        TrustStore.load(path)
    with pytest.raises(SignerError, match=re.escape(str(path))):
        TrustStore.load(people.ca, path)


@pytest.mark.parametrize("is_folder", [False, True])
def test_trust_files_may_be_der(tmp_path: Path, is_folder: bool) -> None:
    """As most authorities publish them."""
    people = People(tmp_path)
    place = tmp_path / "der"
    place.mkdir()
    ca, crl = place / "ca.crt", place / "revoked.crl"
    ca.write_bytes(people.authority.issued.certificate.public_bytes(Encoding.DER))
    pem = people.authority.revocations([people.operator.certificate])
    crl.write_bytes(x509.load_pem_x509_crl(pem).public_bytes(Encoding.DER))
    store = TrustStore.load(place, place) if is_folder else TrustStore.load(ca, crl)
    assert judged(people.operator, store) == "REVOKED"
    assert judged(people.authority.issue(OPERATOR), store) == "OK"
    crl.write_bytes(crl.read_bytes()[:-9])
    with pytest.raises(SignerError, match=r"revoked\.crl: broken"):
        TrustStore.load(ca, crl)


def test_missing_trust_files_are_named(tmp_path: Path) -> None:
    people = People(tmp_path)
    with pytest.raises(SignerError, match="missing"):
        TrustStore.load(tmp_path / "missing.pem")
    with pytest.raises(SignerError, match="missing"):
        TrustStore.load(people.ca, tmp_path / "missing.pem")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(SignerError, match="holds no certificate of an authority"):
        TrustStore.load(empty)
    with pytest.raises(SignerError, match="holds no revocation list"):
        TrustStore.load(people.ca, empty)


def test_a_folder_may_hold_other_files(tmp_path: Path) -> None:
    people = People(tmp_path)
    people.operator.save(tmp_path / "card.key", tmp_path / "card.pem")
    (tmp_path / "README.md").write_text("hello")
    assert judged(people.operator, TrustStore.load(tmp_path, tmp_path)) == "OK"


def test_changed_trust_files_are_read_again(tmp_path: Path) -> None:
    people = People(tmp_path)
    store, card = people.trust, people.operator
    assert judged(card, store) == "OK"
    renewed = People(tmp_path)
    store.refresh()
    assert judged(card, store) == "NOT_TRUSTED"
    assert judged(renewed.operator, store) == "OK"


def test_half_written_trust_files_change_nothing(tmp_path: Path) -> None:
    people = People(tmp_path)
    store = people.trust
    people.ca.write_bytes(people.ca.read_bytes()[:200])
    with pytest.raises(SignerError, match=r"ca\.pem"):
        store.refresh()
    assert judged(people.operator, store) == "OK"


def test_unchanged_files_are_not_read_again(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = people.trust

    def read(files: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr("libs.signing.authorities.TrustFiles.read", read)
    store.refresh()


# what is remembered


def test_a_trusted_certificate_is_examined_once(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, der = people.trust, people.operator.signer.certificate
    first = store.check(der)
    monkeypatch.setattr(trust, "_examined", None)
    assert store.check(bytes(bytearray(der))) is first


def test_strangers_are_not_remembered(people: People) -> None:
    store = people.trust
    stranger = Authority.create("Somebody else").issue(OPERATOR).signer.certificate
    assert store.check(stranger) is not store.check(stranger)


def test_memory_is_bounded(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "CERTIFICATES_MAX", 2)
    store = people.trust
    ders = [people.authority.issue(OPERATOR).signer.certificate for _ in range(3)]
    first, _, third = (store.check(der) for der in ders)
    assert store.check(ders[2]) is third
    assert store.check(ders[0]) is not first


def test_what_old_files_taught_is_not_kept_by_a_late_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files change while a thread is still examining by the old ones."""
    people = People(tmp_path)
    store, der = people.trust, people.operator.signer.certificate
    examine = trust._examined

    def slowly(der: bytes, authorities: Authorities, may: May) -> trust.Checked:
        monkeypatch.setattr(trust, "_examined", examine)
        found = examine(der, authorities, may)
        people.revoke(people.operator)
        store.refresh()
        return found

    monkeypatch.setattr(trust, "_examined", slowly)
    store.check(der)
    assert store.judge(store.check(der), now()) == "REVOKED"


def test_many_threads_agree(people: People) -> None:
    store = people.trust
    good = [signed_by(people.authority.issue(OPERATOR)) for _ in range(4)]
    bad = [document.replace(b"110000.00", b"110000.01") for document in good]

    def one(document: bytes) -> str:
        return verify(document, XML, None, store, now()).verdict.reason

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(one, (good + bad) * 25))
    assert found == (["OK"] * 4 + ["BAD_SIGNATURE"] * 4) * 25
