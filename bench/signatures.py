"""Benchmarks `verify` and `sign`: one signed cargo proposal, one core."""

import hashlib
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import uuid4

import xmlsec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from bench.harness import Result, compare
from libs.messages import samples
from libs.messages.base import Meta
from libs.messages.kinds.proposal import SubmitCargoProposal
from libs.messages.parties import Role
from libs.messages.partners import XML
from libs.messages.registry import kind_of
from libs.signing import TrustStore, sign_canonical, sign_xml, verify
from libs.signing.pki import Authority, Issued, Subject
from libs.signing.profile import EXC_C14N

KIND = kind_of(SubmitCargoProposal)


@dataclass(frozen=True)
class Bench:
    """A card, a store that trusts it, and a proposal in all its forms."""

    card: Issued
    trust: TrustStore
    root_pem: bytes
    message: SubmitCargoProposal
    plain: bytes
    signed: bytes


def verify_bench() -> Result:
    """Verify and decode."""
    bench = a_bench()
    return compare(
        "verify",
        partial(_ours, bench),
        {
            "signxml": (partial(_signxml_verify, bench), 4.0),
            "python-xmlsec": (partial(_xmlsec_verify, bench), 1.8),
            "floor": (floor(bench), 0.65),
        },
    )


def sign_bench() -> Result:
    """Build, encode and sign."""
    bench = a_bench()
    return compare(
        "sign",
        lambda: sign_canonical(KIND.codec.encode(bench.message, XML), bench.card.signer),
        {
            "signxml": (partial(_signxml_sign, bench), 4.0),
            "python-xmlsec": (partial(_xmlsec_sign, bench), 2.0),
        },
    )


def a_bench() -> Bench:
    """A fresh one."""
    authority = Authority.create()
    subject = Subject(Role.OPERATOR, samples.USCC, samples.COMPANY, "李晓明", "2110000001")
    card = authority.issue(subject)
    with tempfile.TemporaryDirectory() as folder:
        ca = Path(folder) / "ca.pem"
        root_pem = authority.issued.certificate_pem()
        ca.write_bytes(root_pem)
        trust = TrustStore.load(ca)
    now = datetime.now(UTC)
    meta = Meta(
        message_id=uuid4(),
        document_id="TB20261123ABCDEFGHJK",
        sender=samples.USCC,
        created_at=now,
    )
    message = SubmitCargoProposal(meta=meta, form=samples.a_proposal(now.date()))
    plain = KIND.codec.encode(message, XML)
    return Bench(card, trust, root_pem, message, plain, sign_xml(plain, card.signer))


def _ours(bench: Bench) -> None:
    verified = verify(bench.signed, XML, None, bench.trust, datetime.now(UTC))
    if not verified.verdict.trusted or verified.content is None:
        raise AssertionError(verified.verdict)
    KIND.codec.decode(verified.content, XML)


def _signxml_verify(bench: Bench) -> None:
    config = SignatureConfiguration(location="./")
    XMLVerifier().verify(bench.signed, x509_cert=bench.card.certificate, expect_config=config)


def _signxml_sign(bench: Bench) -> None:
    signer = XMLSigner(c14n_algorithm=EXC_C14N, signature_algorithm="ecdsa-sha256")
    root = etree.fromstring(KIND.codec.encode(bench.message, XML))
    etree.tostring(signer.sign(root, key=bench.card.key, cert=[bench.card.certificate]))


def _xmlsec_key(bench: Bench) -> xmlsec.Key:
    return xmlsec.Key.from_memory(bench.card.key_pem(), xmlsec.constants.KeyDataFormatPem)


def _xmlsec_verify(bench: Bench) -> None:
    root = etree.fromstring(bench.signed)
    node = xmlsec.tree.find_node(root, xmlsec.constants.NodeSignature)
    if node is None:
        raise AssertionError("not signed")
    context = xmlsec.SignatureContext()
    context.key = _xmlsec_key(bench)
    context.verify(node)


def _xmlsec_sign(bench: Bench) -> None:
    c = xmlsec.constants
    root = etree.fromstring(KIND.codec.encode(bench.message, XML))
    node = xmlsec.template.create(root, c.TransformExclC14N, c.TransformEcdsaSha256, ns="ds")
    root.append(node)
    reference = xmlsec.template.add_reference(node, c.TransformSha256, uri="")
    xmlsec.template.add_transform(reference, c.TransformEnveloped)
    xmlsec.template.add_transform(reference, c.TransformExclC14N)
    context = xmlsec.SignatureContext()
    context.key = _xmlsec_key(bench)
    context.sign(node)
    etree.tostring(root)


def floor(bench: Bench) -> partial[None]:
    """What cannot be avoided: parse, canonicalise, SHA-256, one P-256 verification."""
    key = bench.card.certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(
        bench.card.key, ec.EllipticCurvePrivateKey
    ):
        raise TypeError("the bench's card has a P-256 key")
    algorithm = ec.ECDSA(hashes.SHA256())
    signature = bench.card.key.sign(b"signed info", algorithm)
    return partial(_floor_once, bench.signed, key, signature, algorithm)


def _floor_once(
    signed: bytes, key: ec.EllipticCurvePublicKey, signature: bytes, algorithm: ec.ECDSA
) -> None:
    root = etree.fromstring(signed)
    hashlib.sha256(etree.tostring(root, method="c14n", exclusive=True)).digest()
    key.verify(signature, b"signed info", algorithm)
