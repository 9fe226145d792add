"""Suites and signers: which keys sign what, keys in files, and one suite more as one row."""

import hashlib
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.x509.oid import SignatureAlgorithmOID

from libs.signing import FileSigner, SignerError, sign_jws, sign_xml, suites
from libs.signing.pki import Issued
from libs.signing.suites import Suite, suite_of
from tests.support.people import OPERATOR, People, a_document, now
from tests.unit.signing.cards import Builder
from tests.unit.signing.changes import judged, reason

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256
DATA = b"data"


def test_ecdsa_signatures_are_r_and_s(people: People) -> None:
    signature = people.operator.signer.sign(DATA)
    assert len(signature) == 64
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    key = people.operator.certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(encode_dss_signature(r, s), DATA, ec.ECDSA(hashes.SHA256()))


def test_the_other_s_is_a_signature_too(people: People) -> None:
    """Both halves of the curve verify; nothing here takes a signature for an identity."""
    signer = people.operator.signer
    signature = signer.sign(DATA)
    other = (ORDER - int.from_bytes(signature[32:], "big")).to_bytes(32, "big")
    key = people.operator.certificate.public_key()
    assert signer.suite.verify(key, signature[:32] + other, DATA)


@pytest.mark.parametrize(
    "signature",
    [b"", bytes(64), b"\xff" * 64, bytes(31) + b"\1" + bytes(32), b"\0" * 65],
    ids=["empty", "zeros", "beyond the order", "s is zero", "too long"],
)
def test_degenerate_ecdsa_signatures_do_not_verify(people: People, signature: bytes) -> None:
    key = people.operator.certificate.public_key()
    assert not people.operator.signer.suite.verify(key, signature, DATA)


def test_der_is_not_how_ecdsa_signatures_travel(people: People) -> None:
    signature = people.operator.signer.sign(DATA)
    der = encode_dss_signature(
        int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    )
    assert decode_dss_signature(der)
    key = people.operator.certificate.public_key()
    assert not people.operator.signer.suite.verify(key, der, DATA)


@pytest.mark.parametrize("bits", [1024, 2047])
def test_short_rsa_keys_are_refused(bits: int) -> None:
    with pytest.raises(ValueError, match="2048"):
        suite_of(rsa.generate_private_key(65537, bits))


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP256K1(), ec.SECP521R1()])
def test_other_curves_are_refused(curve: ec.EllipticCurve) -> None:
    with pytest.raises(ValueError, match="P-256"):
        suite_of(ec.generate_private_key(curve))


# one suite more


def _sign(key: object, data: bytes) -> bytes:
    assert isinstance(key, ed25519.Ed25519PrivateKey)
    return key.sign(data)


def _verify(key: object, signature: bytes, data: bytes) -> bool:
    assert isinstance(key, ed25519.Ed25519PublicKey)
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _blake(data: bytes) -> bytes:
    return hashlib.blake2s(data).digest()


ONE_MORE = Suite(
    "one-more",
    "Ed25519",
    "urn:test#one-more",
    "urn:test#blake2s",
    "ONE",
    bytes.fromhex("300506032b6570"),
    SignatureAlgorithmOID.ED25519,
    "BLAKE2S",
    _blake,
    lambda key: isinstance(key, ed25519.Ed25519PublicKey | ed25519.Ed25519PrivateKey),
    _sign,
    _verify,
)


def test_a_suite_is_one_row(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other names, another digest, another key."""
    key = ed25519.Ed25519PrivateKey.generate()
    certificate = _certified(people, key.public_key())
    with pytest.raises(ValueError, match="P-256"):
        FileSigner(key, certificate)
    monkeypatch.setattr(suites, "SUITES", (*suites.SUITES, ONE_MORE))
    monkeypatch.setitem(suites.BY_XML, ONE_MORE.xml_signature, ONE_MORE)
    monkeypatch.setitem(suites.BY_JWS, ONE_MORE.jws, ONE_MORE)
    signer = FileSigner(key, certificate)
    document = sign_xml(a_document(), signer)
    assert b"urn:test#blake2s" in document
    assert reason(people, document) == "OK"
    assert reason(people, document.replace(b"110000.00", b"110000.01")) == "BAD_SIGNATURE"
    assert judged(people, DATA, sign_jws(DATA, signer)).suite == "one-more"


def _certified(people: People, key: ed25519.Ed25519PublicKey) -> x509.Certificate:
    model = people.operator.certificate
    start, end = now() - timedelta(hours=1), now() + timedelta(hours=1)
    builder = Builder(model.issuer, model.subject, key, 1, start, end)
    for extension in model.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(people.authority.issued.key, hashes.SHA256())


# keys in files


@pytest.fixture
def card(people: People, tmp_path: Path) -> Issued:
    people.operator.save(tmp_path / "a.key", tmp_path / "a.pem")
    return people.operator


@pytest.mark.usefixtures("card")
def test_a_key_in_a_file_signs(tmp_path: Path) -> None:
    signer = FileSigner.load(tmp_path / "a.key", tmp_path / "a.pem")
    assert signer.suite.name == "ecdsa-p256-sha256"
    assert signer.fits()


def test_a_signer_does_not_show_its_key(people: People) -> None:
    shown = [name for name in dir(people.operator.signer) if not name.startswith("_")]
    assert shown == ["certificate", "fits", "load", "sign", "suite"]
    assert "PRIVATE" not in repr(vars(people.operator.signer))


@pytest.mark.usefixtures("card")
def test_a_saved_key_is_its_owners_only(people: People, tmp_path: Path) -> None:
    (tmp_path / "a.key").chmod(0o644)
    people.operator.save(tmp_path / "a.key", tmp_path / "a.pem")
    assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600


def test_a_key_may_have_a_password(card: Issued, tmp_path: Path) -> None:
    key, certificate = tmp_path / "a.key", tmp_path / "a.pem"
    key.write_bytes(card.key_pem(b"secret"))
    assert FileSigner.load(key, certificate, b"secret").fits()
    with pytest.raises(SignerError, match=r"a\.key: Password was not given"):
        FileSigner.load(key, certificate)
    with pytest.raises(SignerError, match=r"a\.key: not a usable private key"):
        FileSigner.load(key, certificate, b"wrong")


def test_key_and_certificate_must_belong_together(people: People, tmp_path: Path) -> None:
    people.operator.save(tmp_path / "a.key", tmp_path / "a.pem")
    people.authority.issue(OPERATOR).save(tmp_path / "b.key", tmp_path / "b.pem")
    with pytest.raises(SignerError, match="not the key of"):
        FileSigner.load(tmp_path / "a.key", tmp_path / "b.pem")


@pytest.mark.usefixtures("card")
@pytest.mark.parametrize(
    ("key", "certificate", "words"),
    [
        ("missing.key", "a.pem", r"missing\.key: cannot read the private key: No such file"),
        ("a.key", "missing.pem", r"missing\.pem: cannot read the certificate"),
        ("a.pem", "a.pem", r"a\.pem: not a usable private key"),
        ("a.key", "a.key", r"a\.key: not a usable certificate"),
        ("empty", "a.pem", r"empty: not a usable private key"),
        (".", "a.pem", r"cannot read the private key: Is a directory"),
    ],
)
def test_unusable_files_are_named(tmp_path: Path, key: str, certificate: str, words: str) -> None:
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(SignerError, match=words):
        FileSigner.load(tmp_path / key, tmp_path / certificate)
