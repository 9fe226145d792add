"""Whom we trust: chains, what certificates are for, and when."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from libs.messages.parties import Role
from libs.messages.partners import XML
from libs.signing import FileSigner, SignerError, TrustStore, verify
from libs.signing.pki import Authority, Issued, Subject
from tests.support.people import OPERATOR, People, now
from tests.unit.signing.cards import (
    Builder,
    Extension,
    issued,
    judged,
    signed_by,
    trusting,
    usage,
)
from tests.unit.signing.changes import attribute, reason, text, verified


def test_a_foreign_authority_is_not_trusted(people: People) -> None:
    stranger = Authority.create("Somebody else").issue(OPERATOR)
    verdict = verified(people, signed_by(stranger)).verdict
    assert (verdict.intact, verdict.trusted, verdict.reason) == (True, False, "NOT_TRUSTED")


def test_a_foreign_authority_of_the_same_name_is_not_trusted(people: People) -> None:
    stranger = Authority.create().issue(OPERATOR)
    assert reason(people, signed_by(stranger)) == "NOT_TRUSTED"


def test_a_leaf_cannot_issue(people: People) -> None:
    false_authority = Authority(people.operator)
    assert reason(people, signed_by(false_authority.issue(OPERATOR))) == "NOT_TRUSTED"


def test_a_leaf_in_the_trust_files_is_no_authority(people: People, tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_bytes(people.operator.certificate_pem())
    with pytest.raises(SignerError, match="no certificate of an authority"):
        TrustStore.load(tmp_path)


def test_a_card_signed_by_itself_is_not_trusted(people: People) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    own = Issued(key, people.operator.certificate)
    itself = Authority(Issued(key, Authority(own).issue(OPERATOR).certificate))
    assert reason(people, signed_by(itself.issue(OPERATOR))) == "NOT_TRUSTED"


def test_the_authority_itself_signs_no_messages(people: People) -> None:
    assert reason(people, signed_by(people.authority.issued)) == "NOT_TRUSTED"


def test_an_intermediate_of_the_trust_files_issues(tmp_path: Path) -> None:
    root = Authority.create(path_length=1)
    middle = Authority.create("Middle", parent=root)
    card = middle.issue(OPERATOR)
    assert judged(card, trusting(tmp_path, root, middle)) == "OK"
    assert judged(card, trusting(tmp_path, root)) == "NOT_TRUSTED"
    assert judged(card, trusting(tmp_path, middle)) == "NOT_TRUSTED"


def test_an_authority_reaches_as_far_as_it_says(tmp_path: Path) -> None:
    root = Authority.create(path_length=0)
    middle = Authority.create("Middle", parent=root)
    assert judged(middle.issue(OPERATOR), trusting(tmp_path, root, middle)) == "NOT_TRUSTED"


def test_an_endless_chain_ends(tmp_path: Path) -> None:
    chain = [Authority.create("0", path_length=None)]
    for number in range(1, 6):
        chain.append(Authority.create(str(number), parent=chain[-1], path_length=None))
    store = trusting(tmp_path, *chain)
    assert judged(chain[3].issue(OPERATOR), store) == "OK"
    assert judged(chain[5].issue(OPERATOR), store) == "NOT_TRUSTED"


def test_old_and_new_root_are_trusted_side_by_side(tmp_path: Path) -> None:
    old, new = Authority.create(), Authority.create()
    store = trusting(tmp_path, old, new)
    assert judged(old.issue(OPERATOR), store) == "OK"
    assert judged(new.issue(OPERATOR), store) == "OK"


@pytest.mark.parametrize("without", [x509.KeyUsage, x509.UnrecognizedExtension])
def test_a_leaf_says_what_it_is_for(people: People, without: type[Extension]) -> None:
    assert reason(people, signed_by(issued(people.authority))) == "OK"
    card = issued(people.authority, without=(without,))
    assert reason(people, signed_by(card)) == "NOT_TRUSTED"


def test_a_key_for_other_use_signs_no_messages(people: People) -> None:
    card = issued(
        people.authority,
        lambda builder: builder.add_extension(usage(key_encipherment=True), critical=True),
        without=(x509.KeyUsage,),
    )
    assert reason(people, signed_by(card)) == "NOT_TRUSTED"


@pytest.mark.parametrize("critical", [True, False])
def test_what_must_be_understood_and_is_not_is_refused(people: People, critical: bool) -> None:
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    card = issued(people.authority, lambda builder: builder.add_extension(strange, critical))
    assert reason(people, signed_by(card)) == ("NOT_TRUSTED" if critical else "OK")


@pytest.mark.parametrize("role", Role)
def test_the_certificate_says_the_role(people: People, role: Role) -> None:
    card = people.authority.issue(Subject(role, "PICC", "人保财险", "张三", "1"))
    signer = verified(people, signed_by(card)).verdict.signer
    assert signer is not None
    assert (signer.role, signer.party, signer.name, signer.holder, signer.card) == (
        role,
        "PICC",
        "人保财险",
        "张三",
        "1",
    )


def test_a_signer_without_role_is_not_trusted(people: People) -> None:
    card = issued(people.authority, without=(x509.UnrecognizedExtension,))
    verdict = verified(people, signed_by(card)).verdict
    assert (verdict.reason, verdict.signer) == ("NOT_TRUSTED", None)


def test_a_signature_is_judged_before_its_signer(people: People) -> None:
    stranger = Authority.create("Somebody else").issue(OPERATOR)
    assert reason(people, text("DigestValue", "AAAA")(signed_by(stranger))) == "BAD_SIGNATURE"
    assert reason(people, attribute("Signature", "Id", "x")(signed_by(stranger))) == "PROFILE"


def test_validity_is_judged_at_the_given_time(people: People) -> None:
    card = people.authority.issue(OPERATOR, days=30)
    document, start = signed_by(card), card.certificate.not_valid_before_utc
    end = card.certificate.not_valid_after_utc

    def at(time: datetime) -> str:
        return verify(document, XML, None, people.trust, time).verdict.reason

    second = timedelta(seconds=1)
    assert at(start - second) == "NOT_YET_VALID"
    assert [at(start), at(end)] == ["OK", "OK"]
    assert at(end + second) == "EXPIRED"
    assert at(datetime(2100, 1, 1, tzinfo=UTC)) == "EXPIRED"


def test_a_root_that_has_expired_takes_its_cards_with_it(tmp_path: Path) -> None:
    root = Authority.create(since=now() - timedelta(days=9), days=8)
    assert judged(root.issue(OPERATOR), trusting(tmp_path, root)) == "EXPIRED"


@pytest.mark.parametrize("der", [b"", b"\x30", b"\x30\x80" * 50, b"\x30\x82\xff\xff", b"x" * 9_000])
def test_what_is_no_certificate_is_refused(people: People, der: bytes) -> None:
    with pytest.raises(ValueError, match="certificate"):
        people.trust.check(der)


def test_another_curve_is_refused(people: People) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    builder = Builder(
        people.authority.issued.certificate.subject,
        people.operator.certificate.subject,
        key.public_key(),
        1,
        now(),
        now() + timedelta(days=1),
    )
    der = builder.sign(people.authority.issued.key, hashes.SHA256()).public_bytes(Encoding.DER)
    with pytest.raises(ValueError, match="P-256"):
        people.trust.check(der)
    with pytest.raises(ValueError, match="P-256"):
        FileSigner(key, people.operator.certificate)
