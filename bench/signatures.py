"""Benchmarks `verify` and `sign`: one signed cargo proposal of 6.5 KB, one core."""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import uuid4

import xmlsec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from bench.harness import Result, compare
from libs.messages import samples
from libs.messages.base import Message, Meta
from libs.messages.full_proposal import a_full_proposal
from libs.messages.kinds.proposal import SubmitCargoProposal
from libs.messages.parties import Role
from libs.messages.partners import XML
from libs.messages.registry import Kind, kind_of
from libs.signing import TrustStore, sign_canonical, sign_xml, verify
from libs.signing.pki import Authority, Issued, Subject
from libs.signing.profile import EXC_C14N
from libs.signing.xmldsig import take_apart


@dataclass(frozen=True)
class Bench:
    """A card, a store that trusts it, and a message in all its forms."""

    card: Issued
    trust: TrustStore
    root_pem: bytes
    message: Message
    kind: Kind
    signed: bytes


def verify_bench() -> Result:
    """Verify and decode."""
    bench = a_bench()
    return compare(
        "verify",
        partial(verify_and_decode, bench),
        {
            "signxml": (partial(_signxml_verify, bench), 4.0),
            "python-xmlsec": (partial(_xmlsec_verify, bench, _xmlsec_key(bench)), 1.8),
            "floor": (floor(bench), 0.65),
        },
    )


def sign_bench() -> Result:
    """Build, encode and sign."""
    bench = a_bench()
    return compare(
        "sign",
        partial(_ours_sign, bench),
        {
            "signxml": (partial(_signxml_sign, bench), 4.0),
            "python-xmlsec": (partial(_xmlsec_sign, bench, _xmlsec_key(bench)), 2.0),
        },
    )


def a_meta() -> Meta:
    """The head of a message sent now."""
    return Meta(
        message_id=uuid4(),
        document_id="TB20261123ABCDEFGHJK",
        sender=samples.USCC,
        created_at=datetime.now(UTC),
    )


def a_bench(message: Message | None = None) -> Bench:
    """A fresh one; its message is a full proposal unless another is given."""
    authority = Authority.create()
    subject = Subject(Role.OPERATOR, samples.USCC, samples.COMPANY, "李晓明", "2110000001")
    card = authority.issue(subject)
    with tempfile.TemporaryDirectory() as folder:
        ca = Path(folder) / "ca.pem"
        root_pem = authority.issued.certificate_pem()
        ca.write_bytes(root_pem)
        trust = TrustStore.load(ca)
    today = datetime.now(UTC).date()
    message = message or SubmitCargoProposal(meta=a_meta(), form=a_full_proposal(today))
    kind = kind_of(type(message))
    signed = sign_xml(kind.codec.encode(message, XML), card.signer)
    return Bench(card, trust, root_pem, message, kind, signed)


def verify_and_decode(bench: Bench) -> None:
    """Our own way, as services do it."""
    verified = verify(bench.signed, XML, None, bench.trust, datetime.now(UTC))
    if not verified.verdict.trusted or verified.content is None:
        raise AssertionError(verified.verdict)
    bench.kind.codec.decode(verified.content, XML)


def _encoded(bench: Bench) -> bytes:
    return bench.kind.codec.encode(bench.message, XML)


def _ours_sign(bench: Bench) -> None:
    sign_canonical(_encoded(bench), bench.card.signer)


def _signxml_verify(bench: Bench) -> None:
    config = SignatureConfiguration(location="./")
    XMLVerifier().verify(bench.signed, x509_cert=bench.card.certificate, expect_config=config)


def _signxml_sign(bench: Bench) -> None:
    signer = XMLSigner(c14n_algorithm=EXC_C14N, signature_algorithm="ecdsa-sha256")
    root = etree.fromstring(_encoded(bench))
    etree.tostring(signer.sign(root, key=bench.card.key, cert=[bench.card.certificate]))


def _xmlsec_key(bench: Bench) -> xmlsec.Key:
    return xmlsec.Key.from_memory(bench.card.key_pem(), xmlsec.constants.KeyDataFormatPem)


def _xmlsec_verify(bench: Bench, key: xmlsec.Key) -> None:
    root = etree.fromstring(bench.signed)
    node = xmlsec.tree.find_node(root, xmlsec.constants.NodeSignature)
    if node is None:
        raise AssertionError("not signed")
    context = xmlsec.SignatureContext()
    context.key = key
    context.verify(node)


def _xmlsec_sign(bench: Bench, key: xmlsec.Key) -> None:
    c = xmlsec.constants
    root = etree.fromstring(_encoded(bench))
    node = xmlsec.template.create(root, c.TransformExclC14N, c.TransformEcdsaSha256, ns="ds")
    root.append(node)
    reference = xmlsec.template.add_reference(node, c.TransformSha256, uri="")
    xmlsec.template.add_transform(reference, c.TransformEnveloped)
    xmlsec.template.add_transform(reference, c.TransformExclC14N)
    context = xmlsec.SignatureContext()
    context.key = key
    context.sign(node)
    etree.tostring(root)


def floor(bench: Bench) -> partial[None]:
    """What a verifier on lxml and `cryptography` cannot do without: parse, canonicalise the
    document, SHA-256, verify the P-256 signature of its SignedInfo. The least of each: SignedInfo
    is at hand in canonical form, the key is read, nothing is looked for, compared or decoded.
    """
    key = bench.card.certificate.public_key()
    parts = take_apart(bench.signed)
    if parts is None or not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError("the bench's document is signed with a P-256 key")
    half = len(parts.signature) // 2
    r, s = parts.signature[:half], parts.signature[half:]
    signature = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
    check = partial(key.verify, signature, parts.signed_info, ec.ECDSA(hashes.SHA256()))
    return partial(_floor_once, bench.signed, check)


def _floor_once(signed: bytes, check: Callable[[], None]) -> None:
    root = etree.fromstring(signed)
    hashlib.sha256(etree.tostring(root, method="c14n", exclusive=True)).digest()
    check()
