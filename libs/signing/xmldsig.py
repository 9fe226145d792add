"""Enveloped XMLDSig, one strict profile: sign, and take a signed document apart.

Fixed: exclusive canonicalisation (no comments) of SignedInfo and of the document, one Reference
to the whole document (URI=""), transforms enveloped-signature and exclusive canonicalisation,
Signature as the last child of the root, the leaf certificate in X509Data. Anything else is
PROFILE (`profile.py` is the shape as a table).
"""

import base64
import binascii
import re
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from libs.messages.canonical import DECLARATION, Canonical
from libs.messages.errors import Malformed
from libs.messages.parsing import parse_xml
from libs.messages.registry import canonical
from libs.signing.profile import (
    DECLARED,
    EXACT,
    PATTERN,
    SIGNATURE,
    SIGNATURE_TEMPLATE,
    SIGNED_INFO_TEMPLATE,
    Profile,
    difference,
)
from libs.signing.signers import Signer
from libs.signing.suites import BY_XML, Suite

CERTIFICATES_MAX = 1_024  # remembered
_CERTIFICATE_TEXT_MAX = 12_288  # of those; no stranger's long text fills the memory

_OPENING = b"<ds:Signature "
_DECLARED = DECLARED.encode()
_ROOT_NAME = re.compile(rb"<([^\s/>]+)")

# libxml2 canonicalises in time (elements x namespaces) and (attributes of one element squared)
ATTRIBUTES_MAX = 256
NAMESPACES_MAX = ATTRIBUTES_MAX
_too_wide = etree.XPath(f"boolean(//*[count(@*) > {ATTRIBUTES_MAX}])")


@dataclass(frozen=True, slots=True)
class Parts:
    """A signed document taken apart. `content` no longer holds the Signature."""

    content: etree._Element | Canonical
    suite: Suite
    signed_info: bytes  # canonical
    digest: bytes
    signature: bytes
    certificate: bytes  # DER


def sign_xml(xml: bytes, signer: Signer) -> bytes:
    """The document in `xml` with an enveloped signature.

    Raises Malformed when it is not a document of our kind, ValueError when already signed.
    """
    root = _parsed(xml)
    if next(root.iter(SIGNATURE), None) is not None:
        raise ValueError("the document is already signed")
    signature = _signature(_canonical_document(root), signer)
    return DECLARATION + _inserted(etree.tostring(root, encoding="UTF-8"), signature)


def sign_canonical(xml: bytes, signer: Signer) -> bytes:
    """Like `sign_xml`, in half the time, for what our own codec has just encoded.

    `xml` must be in canonical form but for the XML declaration; it is not parsed, so the
    signature of anything else would not verify.
    """
    if b"\r" in xml or not xml.startswith(DECLARATION):
        return sign_xml(xml, signer)
    body = xml[len(DECLARATION) :]
    return DECLARATION + _inserted(body, _signature(body, signer))


def take_apart(data: bytes) -> Parts | None:
    """The parts of a signed document; None when it is not signed.

    Raises Malformed (not parseable) or Profile (signed, but not the way we accept).
    """
    return _canonical_parts(data) or _parsed_parts(data)


def _canonical_parts(data: bytes) -> Parts | None:
    """The parts of what `sign_canonical` wrote; None for anything else, which may be right too."""
    start, end = data.rfind(_OPENING), data.rfind(b"</")
    found = EXACT.fullmatch(data, start, end) if start != -1 else None
    if found is None:
        return None
    document = canonical(data[:start].removeprefix(DECLARATION) + data[end:])
    if document is None:
        return None
    return _parts(document, found, _DECLARED)


def _parsed_parts(data: bytes) -> Parts | None:
    root = _parsed(data)
    signatures = list(root.iter(SIGNATURE))
    if not signatures:
        return None
    signature = signatures[0]
    if len(signatures) > 1 or signature.getparent() is not root or root[-1] is not signature:
        raise Profile("one Signature, the last child of the root")
    found = PATTERN.fullmatch(_canonical(signature))
    if found is None:
        raise Profile(difference(signature))
    _detach(root, signature)
    return _parts(root, found, found["declared"])


def _parts(content: etree._Element | Canonical, found: re.Match[bytes], declared: bytes) -> Parts:
    """What `found`, a canonical Signature, says. Raises Profile.

    As the apex of its canonical form SignedInfo declares the prefix that Signature `declared`.
    """
    suite = BY_XML.get(found["method"].decode())
    if suite is None or found["digest_method"].decode() != suite.xml_digest:
        raise Profile(f"SignatureMethod {found['method'].decode()} with its own DigestMethod only")
    return Parts(
        content,
        suite,
        found["signed_info"].replace(b"SignedInfo", b"SignedInfo" + declared, 1),
        _unb64(found["digest"], "DigestValue"),
        _unb64(found["signature"], "SignatureValue"),
        _certificate(found["certificate"]),
    )


def document_digest(parts: Parts) -> bytes:
    """The digest of the document without its signature."""
    content = parts.content
    return parts.suite.digest(content if isinstance(content, bytes) else _canonical(content))


def _parsed(data: bytes) -> etree._Element:
    root = parse_xml(data)
    if data.count(b"=") > ATTRIBUTES_MAX:  # each attribute and each declaration has one
        if data.count(b"xmlns") > NAMESPACES_MAX:
            raise Malformed("TOO_LARGE", f"最多 {NAMESPACES_MAX} 个命名空间声明")
        if _too_wide(root):
            raise Malformed("TOO_LARGE", f"一个元素最多 {ATTRIBUTES_MAX} 个属性")
    return root


def _canonical(element: etree._Element) -> bytes:
    """Exclusive canonical form without comments. Raises Profile when there is none."""
    try:
        return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
    except etree.C14NError:
        raise Profile("the document has no canonical form: namespaces must be absolute") from None


def _canonical_document(root: etree._Element) -> bytes:
    try:
        return _canonical(root)
    except Profile:
        raise Malformed("SYNTAX", "命名空间必须是绝对 URI") from None


def _signature(canonical: bytes, signer: Signer) -> bytes:
    suite = signer.suite
    digest = _b64(suite.digest(canonical))
    signed_info = SIGNED_INFO_TEMPLATE.format(
        method=suite.xml_signature, digest_method=suite.xml_digest, digest=digest
    )
    value = _b64(signer.sign(signed_info.encode()))
    return SIGNATURE_TEMPLATE.format(
        signed_info=signed_info.replace(DECLARED, "", 1),
        signature=value,
        certificate=_certificate_text(signer.certificate),
    ).encode()


def _inserted(xml: bytes, signature: bytes) -> bytes:
    """`xml`, written by lxml or our codec (nothing after the root), with a last child more."""
    end = xml.rfind(b"</")
    if not xml.endswith(b"/>") and end != -1:
        return xml[:end] + signature + xml[end:]
    name = _ROOT_NAME.match(xml)
    assert name is not None  # noqa: S101 - an element begins with its name
    return xml[:-2] + b">" + signature + b"</" + name[1] + b">"


def _detach(root: etree._Element, signature: etree._Element) -> None:
    """Remove the signature but keep the text after it: the transform removes the element only."""
    tail = signature.tail
    before = signature.getprevious() if tail else None
    root.remove(signature)
    if tail and before is not None:
        before.tail = (before.tail or "") + tail
    elif tail:
        root.text = (root.text or "") + tail


def _unb64(text: bytes, where: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        compact = b"".join(text.replace(b"&#xD;", b"").split())
    try:
        return binascii.a2b_base64(compact, strict_mode=True)
    except binascii.Error:
        raise Profile(f"{where} is not base64") from None


_known = lru_cache(maxsize=CERTIFICATES_MAX)(_unb64)


def _certificate(text: bytes) -> bytes:
    """DER. The same few cards sign again and again."""
    return (_known if len(text) <= _CERTIFICATE_TEXT_MAX else _unb64)(text, "X509Certificate")


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@lru_cache(maxsize=64)
def _certificate_text(certificate: bytes) -> str:
    return _b64(certificate)
