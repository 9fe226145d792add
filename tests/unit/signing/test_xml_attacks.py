"""Enveloped signatures: everything that is refused, and why. Each row is one attack."""

import pytest
from lxml import etree

from libs.signing.profile import DS, EXC_C14N, SIGNATURE
from tests.support.people import People
from tests.unit.signing.changes import (
    Change,
    attribute,
    child,
    copy,
    edit,
    part,
    replaced,
    text,
    verified,
    without,
)

C14N_10 = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
C14N_11 = "http://www.w3.org/2006/12/xml-c14n11"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
XPATH_FILTER = "http://www.w3.org/2002/06/xmldsig-filter2"
XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"


def _wrap(root: etree._Element, signature: etree._Element) -> None:
    """The classic: the signed content hides in a corner, other content takes its place."""
    root.insert(0, copy(root))


def _wrap_inside_the_signature(root: etree._Element, signature: etree._Element) -> None:
    original = copy(root)
    hidden = etree.SubElement(signature, f"{{{DS}}}Object")
    hidden.append(original)


def _new_root(root: etree._Element, signature: etree._Element) -> None:
    inner = copy(root)
    root.clear()
    root.append(inner)


def _move_up(root: etree._Element, signature: etree._Element) -> None:
    root.insert(0, signature)


def _twice(root: etree._Element, signature: etree._Element) -> None:
    root.append(copy(signature))


def _deeper(root: etree._Element, signature: etree._Element) -> None:
    root[0].append(signature)


def _something_after(root: etree._Element, signature: etree._Element) -> None:
    etree.SubElement(root, "extra")


def _second_reference(root: etree._Element, signature: etree._Element) -> None:
    part(signature, "SignedInfo").append(copy(part(signature, "Reference")))


def _transforms_turned(root: etree._Element, signature: etree._Element) -> None:
    part(signature, "Transforms").append(part(signature, "Transform"))


def _two_certificates(root: etree._Element, signature: etree._Element) -> None:
    part(signature, "X509Data").append(copy(part(signature, "X509Certificate")))


def _only_a_signature(root: etree._Element, signature: etree._Element) -> None:
    root.clear()
    root.tag = SIGNATURE


CONTENT: dict[str, Change] = {
    "an amount": replaced(b"110000.00", b"110000.01"),
    "white space in a text": replaced(b"<markup>10", b"<markup> 10"),
    "white space between elements": replaced(b"<form>", b"<form> "),
    "one element more": replaced(b"</form>", b"<x/></form>"),
    "one attribute more": replaced(b"<form>", b"<form a='b'>"),
    "another namespace": replaced(b"<form>", b'<form xmlns="urn:other">'),
    "a prefix in use": replaced(b"<form>", b'<form xmlns:q="urn:q" q:a="">'),
    "text after the signature": replaced(b"</ds:Signature>", b"</ds:Signature>x"),
    "another digest": text("DigestValue", "AAAA"),
    "another signature": text("SignatureValue", "A" * 86 + "=="),
    "an empty signature": text("SignatureValue", ""),
    "a shorter signature": text("SignatureValue", "AAAA"),
    "all zeros": text("SignatureValue", "A" * 88),
    "white space in SignedInfo": replaced(b"<ds:SignedInfo>", b"<ds:SignedInfo>\n"),
}

PROFILE: dict[str, Change] = {
    "wrapped": edit(_wrap),
    "wrapped inside the signature": edit(_wrap_inside_the_signature),
    "under a new root": edit(_new_root),
    "signature first": edit(_move_up),
    "two signatures": edit(_twice),
    "signature deeper": edit(_deeper),
    "something after the signature": edit(_something_after),
    "nothing but a signature": edit(_only_a_signature),
    "a second reference": edit(_second_reference),
    "a reference to a part": attribute("Reference", "URI", "#part"),
    "a reference to elsewhere": attribute("Reference", "URI", "http://example.com/"),
    "an XPointer": attribute("Reference", "URI", "#xpointer(/)"),
    "a reference with an Id": attribute("Reference", "Id", "x"),
    "a reference with a Type": attribute("Reference", "Type", f"{DS}Object"),
    "c14n 1.0": attribute("CanonicalizationMethod", "Algorithm", C14N_10),
    "c14n 1.1": attribute("CanonicalizationMethod", "Algorithm", C14N_11),
    "c14n with comments": attribute(
        "CanonicalizationMethod", "Algorithm", f"{EXC_C14N}WithComments"
    ),
    "c14n with prefixes": child("CanonicalizationMethod", "InclusiveNamespaces"),
    "another c14n of the document": attribute("Transform", "Algorithm", C14N_10, place=1),
    "a third transform, XPath": child("Transforms", "Transform", XPATH),
    "XPath instead": attribute("Transform", "Algorithm", XPATH),
    "XPath filter instead": attribute("Transform", "Algorithm", XPATH_FILTER),
    "XSLT instead": attribute("Transform", "Algorithm", XSLT),
    "base64 instead": attribute("Transform", "Algorithm", f"{DS}base64"),
    "XPath inside a transform": child("Transform", "XPath"),
    "transforms in another order": edit(_transforms_turned),
    "one transform less": without("Transform"),
    "no transforms": without("Transforms"),
    "rsa-sha1": attribute("SignatureMethod", "Algorithm", f"{DS}rsa-sha1"),
    "hmac-sha1": attribute("SignatureMethod", "Algorithm", f"{DS}hmac-sha1"),
    "hmac-sha256": attribute("SignatureMethod", "Algorithm", f"{MORE}hmac-sha256"),
    "ecdsa-sha512": attribute("SignatureMethod", "Algorithm", f"{MORE}ecdsa-sha512"),
    "a truncated HMAC": child("SignatureMethod", "HMACOutputLength"),
    "no method": attribute("SignatureMethod", "Algorithm", ""),
    "sha1": attribute("DigestMethod", "Algorithm", f"{DS}sha1"),
    "no digest": without("DigestValue"),
    "no signature value": without("SignatureValue"),
    "no key": without("KeyInfo"),
    "no certificate": without("X509Certificate"),
    "two certificates": edit(_two_certificates),
    "a bare key": child("KeyInfo", "KeyValue"),
    "a key name": child("KeyInfo", "KeyName"),
    "a key elsewhere": child("KeyInfo", "RetrievalMethod"),
    "an object": child("Signature", "Object"),
    "a signature with an Id": attribute("Signature", "Id", "x"),
    "a key with an Id": attribute("KeyInfo", "Id", "x"),
    "text in KeyInfo": replaced(b"<ds:X509Data>", b"<ds:X509Data>x"),
    "text in Signature": replaced(b"<ds:KeyInfo>", b"x<ds:KeyInfo>"),
    "no base64": text("DigestValue", "????"),
    "base64 and more": text("SignatureValue", "AA==AA=="),
    "not a certificate": text("X509Certificate", "AAAA"),
    "a certificate without end": text("X509Certificate", "A" * 40_000),
    "another prefix inside": lambda data: data.replace(
        b"<ds:DigestValue>", f'<o:DigestValue xmlns:o="{DS}">'.encode()
    ).replace(b"</ds:DigestValue>", b"</o:DigestValue>"),
    "a namespace without canonical form": replaced(b"<form>", b'<form xmlns:q="relative">'),
    "the same in the signature": replaced(b"<ds:KeyInfo>", b'<ds:KeyInfo xmlns:q="relative">'),
}

PARSER: dict[str, tuple[Change, str]] = {
    "cut off": (lambda data: data[: len(data) // 2], "SYNTAX"),
    "a DTD": (lambda data: b"<!DOCTYPE a>" + data[data.index(b"?>") + 2 :], "DTD"),
    "an entity": (replaced(b"110000.00", b"&amount;"), "SYNTAX"),
    "a processing instruction": (replaced(b"<form>", b"<form><?php ?>"), "SYNTAX"),
    "a style sheet": (replaced(b"?>", b'?><?xml-stylesheet href="x"?>'), "SYNTAX"),
    "the other prefix": (replaced(b"</ds:DigestValue>", b"</o:DigestValue>"), "SYNTAX"),
    "two attributes alike": (replaced(b"<form>", b"<form a='' a=''>"), "SYNTAX"),
    "many namespaces": (
        replaced(b"<form>", b"<form %b>" % b" ".join(b"xmlns:n%d='u'" % n for n in range(999))),
        "TOO_LARGE",
    ),
    "many attributes": (
        replaced(b"<form>", b"<form %b>" % b" ".join(b"a%d=''" % n for n in range(999))),
        "TOO_LARGE",
    ),
}


def _refused(people: People, data: bytes) -> str:
    found = verified(people, data)
    verdict = found.verdict
    assert (verdict.intact, verdict.trusted, found.content) == (False, False, None)
    return verdict.reason


@pytest.mark.parametrize("name", CONTENT)
def test_changed_content_is_seen(people: People, signed: bytes, name: str) -> None:
    assert _refused(people, CONTENT[name](signed)) in ("BAD_SIGNATURE", "SYNTAX")


@pytest.mark.parametrize("name", PROFILE)
def test_another_profile_is_refused(people: People, signed: bytes, name: str) -> None:
    assert _refused(people, PROFILE[name](signed)) == "PROFILE"


@pytest.mark.parametrize("name", PARSER)
def test_hostile_xml_does_not_get_as_far(people: People, signed: bytes, name: str) -> None:
    change, expected = PARSER[name]
    assert _refused(people, change(signed)) == expected


def test_another_suite_than_the_keys_is_refused(people: People, signed: bytes) -> None:
    confused = attribute("SignatureMethod", "Algorithm", f"{MORE}rsa-sha256")(signed)
    assert _refused(people, confused) == "BAD_SIGNATURE"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (attribute("CanonicalizationMethod", "Algorithm", C14N_11), EXC_C14N),
        (child("Transforms", "Transform", XPATH), "Transforms holds exactly"),
        (attribute("Reference", "URI", "#part"), 'URI=""'),
        (attribute("SignatureMethod", "Algorithm", f"{DS}rsa-sha1"), "rsa-sha1"),
        (attribute("Signature", "Id", "x"), "Signature must have no attributes"),
        (replaced(b"<ds:X509Data>", b"<ds:X509Data>x"), "do not belong"),
        (child("KeyInfo", "KeyValue"), "KeyInfo holds exactly X509Data"),
    ],
)
def test_a_refusal_says_what_differs(
    people: People, signed: bytes, change: Change, words: str
) -> None:
    assert words in verified(people, change(signed)).verdict.detail
