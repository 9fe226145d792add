"""What verification accepts and refuses, as a checklist."""

import base64
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree

from libs.messages.parties import Role
from libs.messages.partners import JSON, XML
from libs.signing import FileSigner, SignerError, TrustStore, Verdict, sign_jws, sign_xml, verify
from libs.signing.pki import Authority, Issued
from tests.support.people import OPERATOR, People, a_document, now

DS = "http://www.w3.org/2000/09/xmldsig#"
SIGNATURE = f"{{{DS}}}Signature"


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> People:
    return People(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def signed(people: People) -> bytes:
    return sign_xml(a_document(), people.operator.signer)


def judge(people: People, data: bytes, detached: str | None = None) -> Verdict:
    return verify(data, XML if detached is None else JSON, detached, people.trust, now()).verdict


def test_a_signed_document_is_intact_and_trusted(people: People, signed: bytes) -> None:
    verdict = judge(people, signed)
    assert (verdict.intact, verdict.trusted, verdict.permitted) == (True, True, None)
    assert verdict.reason == "OK"
    assert verdict.signer is not None
    assert verdict.signer.role is Role.OPERATOR
    assert verdict.signer.holder == "李晓明"


def test_only_the_permitted_role_is_permitted(people: People, signed: bytes) -> None:
    verdict = judge(people, signed)
    assert verdict.permit({Role.OPERATOR}).permitted is True
    refused = verdict.permit({Role.LEGAL_PERSON})
    assert (refused.permitted, refused.reason) == (False, "NOT_PERMITTED")


def test_what_was_verified_is_what_is_decoded(people: People, signed: bytes) -> None:
    verified = verify(signed, XML, None, people.trust, now())
    assert isinstance(verified.content, etree._Element)
    assert verified.content.find(f".//{SIGNATURE}") is None


def test_rsa_cards_sign_too(people: People) -> None:
    issued = people.authority.issue(OPERATOR, rsa_bits=2048)
    assert judge(people, sign_xml(a_document(), issued.signer)).reason == "OK"
    payload = b'{"a": 1}'
    assert judge(people, payload, sign_jws(payload, issued.signer)).reason == "OK"


def test_an_unsigned_document_is_told_apart(people: People) -> None:
    assert judge(people, a_document()).reason == "NOT_SIGNED"
    assert verify(b"{}", JSON, None, people.trust, now()).verdict.reason == "NOT_SIGNED"


Change = Callable[[bytes], bytes]


def _edit(change: Callable[[etree._Element, etree._Element], None]) -> Change:
    def edited(data: bytes) -> bytes:
        root = etree.fromstring(data)
        signature = root.find(f".//{SIGNATURE}")
        assert signature is not None
        change(root, signature)
        return etree.tostring(root)

    return edited


def _first(signature: etree._Element, name: str) -> etree._Element:
    found = signature.find(f".//{{{DS}}}{name}")
    assert found is not None
    return found


def _wrap(root: etree._Element, signature: etree._Element) -> None:
    """The classic: the signed content hides in a corner, other content takes its place."""
    inner = etree.fromstring(etree.tostring(root))
    root.insert(0, inner)


def _move_up(root: etree._Element, signature: etree._Element) -> None:
    root.insert(0, signature)


def _twice(root: etree._Element, signature: etree._Element) -> None:
    root.append(etree.fromstring(etree.tostring(signature)))


def _deeper(root: etree._Element, signature: etree._Element) -> None:
    root[0].append(signature)


def _second_reference(root: etree._Element, signature: etree._Element) -> None:
    info = _first(signature, "SignedInfo")
    info.append(etree.fromstring(etree.tostring(_first(signature, "Reference"))))


def _set(name: str, attribute: str, value: str) -> Change:
    def change(root: etree._Element, signature: etree._Element) -> None:
        _first(signature, name).set(attribute, value)

    return _edit(change)


def _more_transforms(root: etree._Element, signature: etree._Element) -> None:
    transforms = _first(signature, "Transforms")
    xpath = etree.SubElement(transforms, f"{{{DS}}}Transform")
    xpath.set("Algorithm", "http://www.w3.org/TR/1999/REC-xpath-19991116")


def _no_certificate(root: etree._Element, signature: etree._Element) -> None:
    _first(signature, "X509Data").clear()


def _after(root: etree._Element, signature: etree._Element) -> None:
    etree.SubElement(root, "extra")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: data.replace(b"110000.00", b"110000.01"), "BAD_SIGNATURE"),
        (lambda data: data.replace(b"<markup>10", b"<markup> 10"), "BAD_SIGNATURE"),
        (lambda data: data.replace(b"</form>", b"<x/></form>"), "BAD_SIGNATURE"),
        (lambda data: data.replace(b"<form>", b"<form a='b'>"), "BAD_SIGNATURE"),
        (lambda data: data[: len(data) // 2], "SYNTAX"),
        (lambda data: b"<!DOCTYPE a>" + data[data.index(b"?>") + 2 :], "DTD"),
        (_edit(_wrap), "PROFILE"),
        (_edit(_move_up), "PROFILE"),
        (_edit(_twice), "PROFILE"),
        (_edit(_deeper), "PROFILE"),
        (_edit(_after), "PROFILE"),
        (_edit(_second_reference), "PROFILE"),
        (_edit(_more_transforms), "PROFILE"),
        (_edit(_no_certificate), "PROFILE"),
        (_set("Reference", "URI", "#part"), "PROFILE"),
        (_set("Reference", "URI", "http://example.com/"), "PROFILE"),
        (_set("Reference", "Id", "x"), "PROFILE"),
        (
            _set("CanonicalizationMethod", "Algorithm", "http://www.w3.org/2006/12/xml-c14n11"),
            "PROFILE",
        ),
        (_set("SignatureMethod", "Algorithm", f"{DS}rsa-sha1"), "PROFILE"),
        (_set("SignatureMethod", "Algorithm", f"{DS}hmac-sha1"), "PROFILE"),
        (_set("DigestMethod", "Algorithm", f"{DS}sha1"), "PROFILE"),
        (_set("Transform", "Algorithm", f"{DS}base64"), "PROFILE"),
    ],
)
def test_anything_else_is_refused(
    people: People, signed: bytes, change: Change, reason: str
) -> None:
    verified = verify(change(signed), XML, None, people.trust, now())
    assert verified.verdict.reason == reason
    assert not verified.verdict.trusted
    assert verified.content is None


def test_another_suite_than_the_keys_is_refused(people: People, signed: bytes) -> None:
    rsa = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
    confused = _set("SignatureMethod", "Algorithm", rsa)(signed)
    assert judge(people, confused).reason == "BAD_SIGNATURE"


def test_comments_change_nothing(people: People, signed: bytes) -> None:
    commented = signed.replace(b"<sumInsured>110000", b"<sumInsured>11<!-- -->0000")
    verified = verify(commented, XML, None, people.trust, now())
    assert verified.verdict.reason == "OK"
    assert isinstance(verified.content, etree._Element)
    (amount,) = verified.content.iter("{urn:tongbao:messages:v1}sumInsured")
    assert amount.text == "110000.00"


def test_text_after_the_signature_is_signed_too(people: People, signed: bytes) -> None:
    assert judge(people, signed.replace(b"</ds:Signature>", b"</ds:Signature>x")).reason == (
        "BAD_SIGNATURE"
    )


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "RS256"},
        {"crit": ["b64"]},
        {"jku": "http://example.com/"},
        {"typ": "JWT"},
        {"x5c": []},
        {"x5c": ["!!"]},
    ],
)
def test_other_jws_headers_are_refused(people: People, header: dict[str, object]) -> None:
    payload = b'{"a": 1}'
    head, signature = sign_jws(payload, people.operator.signer).split("..")
    fields = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))) | header
    forged = base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")
    verdict = judge(people, payload, f"{forged}..{signature}")
    assert verdict.reason in ("PROFILE", "BAD_SIGNATURE")
    assert not verdict.intact


@pytest.mark.parametrize("text", ["", "..", "a.b.c", "a..b", "a" * 20_000, "é..é", "a..b==", "."])
def test_broken_jws_texts_are_refused(people: People, text: str) -> None:
    assert judge(people, b"{}", text).reason == "PROFILE"


def test_changed_payload_is_seen(people: People) -> None:
    signature = sign_jws(b'{"a": 1}', people.operator.signer)
    assert judge(people, b'{"a": 2}', signature).reason == "BAD_SIGNATURE"


def test_a_foreign_authority_is_not_trusted(people: People) -> None:
    stranger = Authority.create("Somebody else").issue(OPERATOR)
    verdict = judge(people, sign_xml(a_document(), stranger.signer))
    assert (verdict.intact, verdict.trusted, verdict.reason) == (True, False, "NOT_TRUSTED")


def test_a_leaf_cannot_issue(people: People) -> None:
    false_authority = Authority(Issued(people.operator.key, people.operator.certificate))
    forged = false_authority.issue(OPERATOR)
    assert judge(people, sign_xml(a_document(), forged.signer)).reason == "NOT_TRUSTED"


def test_the_authority_itself_signs_no_messages(people: People) -> None:
    root = people.authority.issued
    assert judge(people, sign_xml(a_document(), root.signer)).reason == "NOT_TRUSTED"


def test_validity_is_judged_at_the_given_time(people: People) -> None:
    card = people.authority.issue(OPERATOR, since=datetime(2026, 1, 1, tzinfo=UTC), days=30)
    document = sign_xml(a_document(), card.signer)
    trust = TrustStore.load(people.ca)

    def at(time: datetime) -> str:
        return verify(document, XML, None, trust, time).verdict.reason

    assert at(datetime(2025, 12, 1, tzinfo=UTC)) == "NOT_YET_VALID"
    assert at(now()) == "EXPIRED"


def test_a_revoked_card_is_refused_from_then_on(tmp_path: Path) -> None:
    people = People(tmp_path)
    document = sign_xml(a_document(), people.operator.signer)
    trust = people.trust
    assert verify(document, XML, None, trust, now()).verdict.reason == "OK"
    people.revoke(people.operator)
    trust.refresh()
    assert verify(document, XML, None, trust, now()).verdict.reason == "REVOKED"
    earlier = now() - timedelta(minutes=2)
    assert verify(document, XML, None, trust, earlier).verdict.reason != "REVOKED"


def test_a_list_of_a_foreign_authority_is_refused(tmp_path: Path) -> None:
    people = People(tmp_path)
    people.crl.write_bytes(Authority.create("Tongbao Test CA").revocations([]))
    with pytest.raises(SignerError, match="not signed by a trusted authority"):
        TrustStore.load(people.ca, people.crl)


@pytest.mark.parametrize("content", [b"", b"hello", b"-----BEGIN CERTIFICATE-----\nx\n"])
def test_unusable_trust_files_are_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(content)
    with pytest.raises(SignerError, match=re.escape(str(path))):
        TrustStore.load(path)
    with pytest.raises(SignerError, match="missing"):
        TrustStore.load(tmp_path / "missing.pem")


def test_key_and_certificate_must_belong_together(tmp_path: Path) -> None:
    people = People(tmp_path)
    other = people.authority.issue(OPERATOR)
    people.operator.save(tmp_path / "a.key", tmp_path / "a.pem")
    other.save(tmp_path / "b.key", tmp_path / "b.pem")
    assert FileSigner.load(tmp_path / "a.key", tmp_path / "a.pem").suite.name == (
        "ecdsa-p256-sha256"
    )
    with pytest.raises(SignerError, match="not the key of"):
        FileSigner.load(tmp_path / "a.key", tmp_path / "b.pem")


def test_other_curves_are_refused(people: People) -> None:
    with pytest.raises(ValueError, match="P-256"):
        FileSigner(ec.generate_private_key(ec.SECP384R1()), people.operator.certificate)


def test_signing_twice_is_refused(people: People, signed: bytes) -> None:
    with pytest.raises(ValueError, match="already signed"):
        sign_xml(signed, people.operator.signer)
