"""Enveloped signatures: what is signed, what is accepted, and what a verdict tells."""

import pytest
from lxml import etree

from libs.messages.errors import Malformed
from libs.messages.parties import Role
from libs.signing import sign_canonical, sign_xml
from libs.signing.profile import DS, SIGNATURE
from tests.support.people import OPERATOR, People, a_document
from tests.unit.signing.changes import Change, edit, part, reason, replaced, tree, verified


def test_a_signed_document_is_intact_and_trusted(people: People, signed: bytes) -> None:
    verdict = verified(people, signed).verdict
    assert (verdict.intact, verdict.trusted, verdict.permitted) == (True, True, None)
    assert (verdict.reason, verdict.suite) == ("OK", "ecdsa-p256-sha256")
    assert verdict.signer is not None
    assert verdict.signer.role is Role.OPERATOR
    assert verdict.signer.holder == "李晓明"


def test_an_rsa_card_signs_too(people: People) -> None:
    card = people.authority.issue(OPERATOR, rsa_bits=2048)
    verdict = verified(people, sign_xml(a_document(), card.signer)).verdict
    assert (verdict.reason, verdict.suite) == ("OK", "rsa-sha256")


def test_only_the_permitted_role_is_permitted(people: People, signed: bytes) -> None:
    verdict = verified(people, signed).verdict
    assert verdict.permit({Role.OPERATOR}).permitted is True
    refused = verdict.permit({Role.LEGAL_PERSON})
    assert (refused.permitted, refused.reason) == (False, "NOT_PERMITTED")


def test_nobody_is_permitted_by_a_bad_signature(people: People, signed: bytes) -> None:
    verdict = verified(people, signed.replace(b"110000.00", b"110000.01")).verdict
    refused = verdict.permit({Role.OPERATOR})
    assert (refused.permitted, refused.reason) == (False, "BAD_SIGNATURE")


def test_what_was_verified_is_what_is_decoded(people: People, signed: bytes) -> None:
    content = tree(verified(people, signed))
    assert content.find(f".//{SIGNATURE}") is None
    plain = etree.fromstring(a_document())
    assert etree.tostring(content, method="c14n") == etree.tostring(plain, method="c14n")


def test_an_unsigned_document_is_told_apart(people: People) -> None:
    assert reason(people, a_document()) == "NOT_SIGNED"


# what differs and is accepted: the same signature, written otherwise


def _indented(root: etree._Element, signature: etree._Element) -> None:
    """White space outside SignedInfo is not signed."""
    for element in (signature, part(signature, "KeyInfo"), part(signature, "X509Data")):
        element.text = "\r\n  "
        for inside in element:
            inside.tail = "\r\n  "


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(edit(_indented), id="indented"),
        pytest.param(
            replaced(b"<ds:SignatureValue>", b"<ds:SignatureValue>&#13;\n"), id="java-line-ends"
        ),
        pytest.param(replaced(b"<form>", b"<form\n>"), id="space-in-a-tag"),
        pytest.param(
            replaced(b"<ds:Signature ", b'<ds:Signature xmlns:unused="urn:x" '), id="unused-prefix"
        ),
        pytest.param(lambda data: b"\xef\xbb\xbf" + data, id="byte-order-mark"),
        pytest.param(lambda data: data + b"\n", id="line-end-after-the-document"),
    ],
)
def test_the_same_signature_written_otherwise_is_accepted(
    people: People, signed: bytes, change: Change
) -> None:
    assert reason(people, change(signed)) == "OK"


def test_comments_change_nothing(people: People, signed: bytes) -> None:
    commented = signed.replace(b"<sumInsured>110000", b"<sumInsured>11<!-- -->0000")
    found = verified(people, commented)
    assert found.verdict.reason == "OK"
    (amount,) = tree(found).iter("{urn:tongbao:messages:v1}sumInsured")
    assert amount.text == "110000.00"


# signing


@pytest.mark.parametrize(
    "document",
    [
        b"<a/>",
        b"<a>text</a>",
        b"<a\n><b/></a>",
        b"<p:a xmlns:p='urn:p'/>",
        b'<a xmlns:ds="urn:other"><ds:b/></a>',
        f'<a xmlns:x="{DS}"><b/></a>'.encode(),
        f'<a xmlns="{DS}"/>'.encode(),
        f'<x:a xmlns:x="{DS}"><b/></x:a>'.encode(),
        "<文件><名称>通保</名称></文件>".encode(),
        b"<a>a &lt; b &amp; c &gt; d<![CDATA[ <b> ]]></a>",
        b"<a>\r\n<b c='&#10;&#9;'/>&#13;</a>",
        b"<a><!-- </a> --></a><!-- </b> -->",
    ],
)
def test_any_document_can_be_signed(people: People, document: bytes) -> None:
    assert reason(people, sign_xml(document, people.operator.signer)) == "OK"


def test_signing_twice_is_refused(people: People, signed: bytes) -> None:
    with pytest.raises(ValueError, match="already signed"):
        sign_xml(signed, people.operator.signer)


@pytest.mark.parametrize("document", [b"<a", b"<!DOCTYPE a><a/>", b'<a xmlns="relative"/>'])
def test_what_could_not_be_verified_is_not_signed(people: People, document: bytes) -> None:
    with pytest.raises(Malformed):
        sign_xml(document, people.operator.signer)


def test_an_encoded_message_is_signed_as_it_is(people: People) -> None:
    document = a_document()
    fast = sign_canonical(document, people.operator.signer)
    assert reason(people, fast) == "OK"
    end = document.rindex(b"</")
    assert fast.startswith(document[:end])
    assert fast.endswith(document[end:])
