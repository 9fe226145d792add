"""What verifying and signing are measured against: signxml, python-xmlsec, and a floor.

The libraries verify in two ways. To a trusted root is what we do: the certificate comes with the
message, and its chain is checked (they build it each time, ours is remembered). With the key at
hand, who signed was known beforehand.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import xmlsec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from bench.signed import Bench
from libs.messages.partners import XML
from libs.signing.profile import DS, EXC_C14N
from libs.signing.xmldsig import take_apart

Work = Callable[[], None]
_CONFIG = SignatureConfiguration(location="./")
_ECDSA = ec.ECDSA(hashes.SHA256())


def floor(bench: Bench) -> Work:
    """The least that lxml and `cryptography` need to verify: parse, canonicalise SignedInfo and the
    document without its Signature, SHA-256, one P-256 verification. The key and the signature are
    at hand, nothing else of the profile is looked at, nothing is decoded.
    """
    key = bench.card.certificate.public_key()
    parts = take_apart(bench.signed)
    if parts is None or not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError("the bench's document is signed with a P-256 key")
    half = len(parts.signature) // 2
    r, s = parts.signature[:half], parts.signature[half:]
    signature = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
    return partial(_floor_once, bench.signed, key, signature, parts.digest)


def _floor_once(
    signed: bytes, key: ec.EllipticCurvePublicKey, signature: bytes, digest: bytes
) -> None:
    root = etree.fromstring(signed)
    enveloped = root[-1]
    signed_info = etree.tostring(enveloped[0], method="c14n", exclusive=True)
    root.remove(enveloped)
    document = etree.tostring(root, method="c14n", exclusive=True)
    if hashlib.sha256(document).digest() != digest:
        raise AssertionError("the document was changed")
    key.verify(signature, signed_info, _ECDSA)


@contextmanager
def trusting(bench: Bench) -> Iterator[dict[str, Work]]:
    """The libraries, each verifying up to the bench's root."""
    with TemporaryDirectory() as folder:
        ca = Path(folder) / "ca.pem"
        ca.write_bytes(bench.root_pem)
        manager = xmlsec.KeysManager()
        c = xmlsec.constants
        manager.load_cert(str(ca), c.KeyDataFormatPem, c.KeyDataTypeTrusted)
        yield {
            "signxml": partial(_signxml_trusting, bench, str(ca)),
            "python-xmlsec": partial(_xmlsec_trusting, bench, manager),
        }


def with_key(bench: Bench) -> dict[str, Work]:
    """The libraries, each with the signer's key at hand."""
    return {
        "signxml": partial(_signxml, bench),
        "python-xmlsec": partial(_xmlsec, bench, _xmlsec_key(bench)),
    }


def signing(bench: Bench) -> dict[str, Work]:
    """The libraries, each encoding by our codec and signing."""
    return {
        "signxml": partial(_signxml_sign, bench),
        "python-xmlsec": partial(_xmlsec_sign, bench, _xmlsec_key(bench)),
    }


def _signxml_trusting(bench: Bench, ca: str) -> None:
    XMLVerifier().verify(bench.signed, ca_pem_file=ca, expect_config=_CONFIG)


def _xmlsec_trusting(bench: Bench, manager: xmlsec.KeysManager) -> None:
    context = xmlsec.SignatureContext(manager)  # type: ignore[call-arg]  # missing in its stub
    context.verify(_signature_of(bench.signed))


def _signxml(bench: Bench) -> None:
    XMLVerifier().verify(bench.signed, x509_cert=bench.card.certificate, expect_config=_CONFIG)


def _xmlsec(bench: Bench, key: xmlsec.Key) -> None:
    context = xmlsec.SignatureContext()
    context.key = key
    context.verify(_signature_of(bench.signed))


def _signature_of(signed: bytes) -> etree._Element:
    node = etree.fromstring(signed).find(f"{{{DS}}}Signature")
    if node is None:
        raise AssertionError("not signed")
    return node


def _xmlsec_key(bench: Bench) -> xmlsec.Key:
    return xmlsec.Key.from_memory(bench.card.key_pem(), xmlsec.constants.KeyDataFormatPem)


def _parsed(bench: Bench) -> etree._Element:
    return etree.fromstring(bench.kind.codec.encode(bench.message, XML))


def _signxml_sign(bench: Bench) -> None:
    signer = XMLSigner(c14n_algorithm=EXC_C14N, signature_algorithm="ecdsa-sha256")
    signed = signer.sign(_parsed(bench), key=bench.card.key, cert=[bench.card.certificate])
    etree.tostring(signed)


def _xmlsec_sign(bench: Bench, key: xmlsec.Key) -> None:
    c = xmlsec.constants
    root = _parsed(bench)
    node = xmlsec.template.create(root, c.TransformExclC14N, c.TransformEcdsaSha256, ns="ds")
    root.append(node)
    reference = xmlsec.template.add_reference(node, c.TransformSha256, uri="")
    xmlsec.template.add_transform(reference, c.TransformEnveloped)
    xmlsec.template.add_transform(reference, c.TransformExclC14N)
    context = xmlsec.SignatureContext()
    context.key = key
    context.sign(node)
    etree.tostring(root)
