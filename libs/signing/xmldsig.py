"""Enveloped XMLDSig, one strict profile a suite: sign, and take a signed document apart.

Fixed: one Reference to the whole document (URI=""), Signature as the last child of the root, the
leaf certificate in X509Data; canonicalisation without comments, exclusive of SignedInfo and of the
document, or inclusive of both where the suite's shape says so. Anything else is PROFILE
(`profile.py` has the shapes as tables).
"""

import base64
import binascii
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography import x509
from lxml import etree

from libs.messages.canonical import DECLARATION, Canonical
from libs.messages.errors import Malformed
from libs.messages.parsing import parse_xml
from libs.messages.registry import canonical
from libs.signing.profile import DECLARED, DS, OURS, SIGNATURE, Profile, Shape, difference
from libs.signing.signers import Signer
from libs.signing.suites import BY_XML, Suite

CERTIFICATES_MAX = 1_024  # remembered
_CERTIFICATE_TEXT_MAX = 12_288  # of those; no stranger's long text fills the memory

_OPENING = b"<ds:Signature "
_XML = "{http://www.w3.org/XML/1998/namespace}"
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
    shape = signer.suite.shape
    signature = _signature(_canonical_document(root, shape), signer, _in_scope(root, shape))
    return DECLARATION + _inserted(etree.tostring(root, encoding="UTF-8"), signature)


def sign_canonical(xml: bytes, signer: Signer) -> bytes:
    """Like `sign_xml`, in half the time, for what our own codec has just encoded.

    `xml` must be in canonical form but for the XML declaration; it is not parsed, so the
    signature of anything else would not verify.
    """
    if b"\r" in xml or not xml.startswith(DECLARATION) or not signer.suite.shape.exclusive:
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
    found = OURS.exact.fullmatch(data, start, end) if start != -1 else None
    if found is None:
        return None
    document = canonical(data[:start].removeprefix(DECLARATION) + data[end:])
    if document is None:
        return None
    suite = _suite(found, OURS)
    return _parts(document, suite, found, _apex(found["signed_info"], _DECLARED))


def _parsed_parts(data: bytes) -> Parts | None:
    root = _parsed(data)
    signatures = list(root.iter(SIGNATURE))
    if not signatures:
        return None
    signature = signatures[0]
    if len(signatures) > 1 or signature.getparent() is not root or root[-1] is not signature:
        raise Profile("one Signature, the last child of the root")
    shape = _shape(signature)
    found = shape.pattern.fullmatch(_canonical(signature))
    if found is None:
        raise Profile(difference(shape, signature))
    suite = _suite(found, shape)
    if shape.exclusive:
        signed_info = _apex(found["signed_info"], found["declared"])
    else:
        signed_info = _canonical(signature[0], shape)  # with the namespaces around it
    _detach(root, signature)
    return _parts(root, suite, found, signed_info)


def _shape(signature: etree._Element) -> Shape:
    """That of the suite that it names; ours when it names none, to say what is wrong by."""
    method = signature.find("ds:SignedInfo/ds:SignatureMethod", {"ds": DS})
    suite = BY_XML.get(method.get("Algorithm", "")) if method is not None else None
    return suite.shape if suite else OURS


def _suite(found: re.Match[bytes], shape: Shape) -> Suite:
    suite = BY_XML.get(found["method"].decode())
    if suite is None or found["digest_method"].decode() != suite.xml_digest:
        raise Profile(f"SignatureMethod {found['method'].decode()} with its own DigestMethod only")
    if suite.shape is not shape:
        raise Profile(f"SignatureMethod {suite.xml_signature} in the shape of its suite only")
    return suite


def _apex(signed_info: bytes, declared: bytes) -> bytes:
    """SignedInfo as the apex of its canonical form: it declares the prefix that Signature did."""
    return signed_info.replace(b"SignedInfo", b"SignedInfo" + declared, 1)


def _parts(
    content: etree._Element | Canonical,
    suite: Suite,
    found: re.Match[bytes],
    signed_info: bytes,
) -> Parts:
    """What `found`, a canonical Signature, says. Raises Profile."""
    return Parts(
        content,
        suite,
        signed_info,
        _unb64(found["digest"], "DigestValue"),
        _unb64(found["signature"], "SignatureValue"),
        _certificate(found["certificate"]),
    )


def document_digest(parts: Parts) -> bytes:
    """The digest of the document without its signature."""
    content = parts.content
    suite = parts.suite
    return suite.digest(content if isinstance(content, bytes) else _canonical(content, suite.shape))


def _parsed(data: bytes) -> etree._Element:
    root = parse_xml(data)
    if data.count(b"=") > ATTRIBUTES_MAX:  # each attribute and each declaration has one
        if data.count(b"xmlns") > NAMESPACES_MAX:
            raise Malformed("TOO_LARGE", f"最多 {NAMESPACES_MAX} 个命名空间声明")
        if _too_wide(root):
            raise Malformed("TOO_LARGE", f"一个元素最多 {ATTRIBUTES_MAX} 个属性")
    return root


def _canonical(element: etree._Element, shape: Shape = OURS) -> bytes:
    """Canonical form without comments. Raises Profile when there is none."""
    if not shape.exclusive and _has_inherited(element):
        raise Profile("xml: attributes of the root would be part of SignedInfo")
    try:
        return etree.tostring(
            element, method="c14n", exclusive=shape.exclusive, with_comments=False
        )
    except etree.C14NError:
        raise Profile("the document has no canonical form: namespaces must be absolute") from None


def _has_inherited(element: etree._Element) -> bool:
    root = element.getroottree().getroot()
    return any(str(name).startswith(_XML) for name in root.attrib)


def _canonical_document(root: etree._Element, shape: Shape) -> bytes:
    try:
        return _canonical(root, shape)
    except Profile:
        raise Malformed("SYNTAX", "命名空间必须是绝对 URI") from None


def _in_scope(root: etree._Element, shape: Shape) -> str:
    """What SignedInfo as an apex declares, in a Signature that is put into `root`."""
    if shape.exclusive:
        return DECLARED
    around: Any = {**root.nsmap, "ds": DS}  # of prefixes, one of which may be None
    signature = etree.Element(SIGNATURE, nsmap=around)
    apex = etree.tostring(signature, method="c14n", exclusive=False).decode()
    return apex.removeprefix("<ds:Signature").partition(">")[0]


def _signature(canonical: bytes, signer: Signer, declared: str = DECLARED) -> bytes:
    suite = signer.suite
    shape, digest = suite.shape, _b64(suite.digest(canonical))
    signed_info = shape.signed_info_template.format(
        method=suite.xml_signature, digest_method=suite.xml_digest, digest=digest
    )
    value = _b64(signer.sign(signed_info.replace(DECLARED, declared, 1).encode()))
    return shape.signature_template.format(
        signed_info=signed_info.replace(DECLARED, "", 1),
        signature=value,
        key_name=_key_name(signer.certificate),
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
def _key_name(certificate: bytes) -> str:
    """The certificate's number, as real cards' are written."""
    return f"{x509.load_der_x509_certificate(certificate).serial_number:016x}"


@lru_cache(maxsize=64)
def _certificate_text(certificate: bytes) -> str:
    return _b64(certificate)
