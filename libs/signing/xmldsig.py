"""Enveloped XMLDSig, one strict profile: sign, and take a signed document apart.

Fixed: exclusive canonicalisation (no comments) of SignedInfo and of the document, one Reference
to the whole document (URI=""), transforms enveloped-signature and exclusive canonicalisation,
Signature as the last child of the root, the leaf certificate in X509Data. Anything else is
PROFILE.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass

from lxml import etree

from libs.messages.parsing import parse_xml
from libs.signing.signers import Signer
from libs.signing.suites import BY_XML, Suite

DS = "http://www.w3.org/2000/09/xmldsig#"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = f"{DS}enveloped-signature"
_SIGNATURE = f"{{{DS}}}Signature"

_SIGNED_INFO = (
    f'<ds:SignedInfo xmlns:ds="{DS}">'
    f'<ds:CanonicalizationMethod Algorithm="{EXC_C14N}"></ds:CanonicalizationMethod>'
    '<ds:SignatureMethod Algorithm="%s"></ds:SignatureMethod>'
    '<ds:Reference URI=""><ds:Transforms>'
    f'<ds:Transform Algorithm="{ENVELOPED}"></ds:Transform>'
    f'<ds:Transform Algorithm="{EXC_C14N}"></ds:Transform>'
    "</ds:Transforms>"
    '<ds:DigestMethod Algorithm="%s"></ds:DigestMethod>'
    "<ds:DigestValue>%s</ds:DigestValue></ds:Reference></ds:SignedInfo>"
)
_SIGNATURE_XML = (
    f'<ds:Signature xmlns:ds="{DS}">%s<ds:SignatureValue>%s</ds:SignatureValue>'
    "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate>"
    "</ds:X509Data></ds:KeyInfo></ds:Signature>"
)


class Profile(Exception):
    """The signature is not of our profile; the text says what differs."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A signed document taken apart. `root` no longer holds the Signature."""

    root: etree._Element
    suite: Suite
    signed_info: bytes  # canonical
    digest: bytes
    signature: bytes
    certificate: bytes  # DER


def sign_xml(xml: bytes, signer: Signer) -> bytes:
    """The document in `xml` with an enveloped signature.

    Raises Malformed when it is not a document of our kind, ValueError when already signed.
    """
    root = parse_xml(xml)
    if root.find(f".//{_SIGNATURE}") is not None:
        raise ValueError("the document is already signed")
    suite = signer.suite
    digest = _b64(hashlib.new(suite.digest().name, canonical(root)).digest())
    signed_info = _SIGNED_INFO % (suite.xml_signature, suite.xml_digest, digest)
    value = _b64(signer.sign(signed_info.encode()))
    signature = _SIGNATURE_XML % (signed_info, value, _b64(signer.certificate))
    root.append(etree.fromstring(signature))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def take_apart(data: bytes) -> Parts | None:
    """The parts of a signed document; None when it is not signed.

    Raises Malformed (not parseable) or Profile (signed, but not the way we accept).
    """
    root = parse_xml(data)
    signatures = list(root.iter(_SIGNATURE))
    if not signatures:
        return None
    signature = signatures[0]
    if len(signatures) > 1 or signature.getparent() is not root or root[-1] is not signature:
        raise Profile("one Signature, the last child of the root")
    signed_info, value, key_info = _children(signature, "SignedInfo", "SignatureValue", "KeyInfo")
    suite, digest = _read_signed_info(signed_info)
    (x509_data,) = _children(key_info, "X509Data")
    (certificate,) = _children(x509_data, "X509Certificate")
    parts = (canonical(signed_info), digest, _bytes(value), _bytes(certificate))
    _detach(root, signature)
    return Parts(root, suite, *parts)


def canonical(element: etree._Element) -> bytes:
    """Exclusive canonical form without comments."""
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)


def document_digest(parts: Parts) -> bytes:
    """The digest of the document without its signature."""
    return hashlib.new(parts.suite.digest().name, canonical(parts.root)).digest()


def _read_signed_info(signed_info: etree._Element) -> tuple[Suite, bytes]:
    c14n, method, reference = _children(
        signed_info, "CanonicalizationMethod", "SignatureMethod", "Reference"
    )
    _algorithm(c14n, EXC_C14N)
    suite = BY_XML.get(method.get("Algorithm", ""))
    if suite is None or len(method) or len(method.attrib) != 1:
        raise Profile(f"SignatureMethod {method.get('Algorithm')}")
    if reference.items() != [("URI", "")]:
        raise Profile('one Reference with URI=""')
    transforms, digest_method, digest = _children(
        reference, "Transforms", "DigestMethod", "DigestValue"
    )
    enveloped, exclusive = _children(transforms, "Transform", "Transform")
    _algorithm(enveloped, ENVELOPED)
    _algorithm(exclusive, EXC_C14N)
    _algorithm(digest_method, suite.xml_digest)
    return suite, _bytes(digest)


def _children(parent: etree._Element, *names: str) -> list[etree._Element]:
    children = list(parent)
    if [child.tag for child in children] != [f"{{{DS}}}{name}" for name in names]:
        raise Profile(f"{etree.QName(parent).localname} holds exactly {', '.join(names)}")
    return children


def _algorithm(element: etree._Element, expected: str) -> None:
    if element.items() != [("Algorithm", expected)] or len(element):
        raise Profile(f"{etree.QName(element).localname} must be {expected}, without parameters")


def _bytes(element: etree._Element) -> bytes:
    if len(element) or element.attrib:
        raise Profile(f"{etree.QName(element).localname} holds base64 only")
    try:
        return base64.b64decode("".join((element.text or "").split()), validate=True)
    except binascii.Error:
        raise Profile(f"{etree.QName(element).localname} is not base64") from None


def _detach(root: etree._Element, signature: etree._Element) -> None:
    """Remove the signature but keep the text after it: the transform removes the element only."""
    tail = signature.tail
    before = signature.getprevious()
    root.remove(signature)
    if tail and before is not None:
        before.tail = (before.tail or "") + tail
    elif tail:
        root.text = (root.text or "") + tail


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
