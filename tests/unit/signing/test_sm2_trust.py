"""SM2 cards and SM2 authorities: messages, chains, lists, and certificates that lie."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from libs.messages.errors import Malformed
from libs.messages.partners import JSON, XML
from libs.signing import FileSigner, SignerError, TrustStore, der, sign_jws, sign_xml, verify
from libs.signing.pki import Authority, Issued
from libs.signing.profile import C14N, CUSTOMS, ENVELOPED, OURS
from libs.signing.sm2 import PrivateKey, PublicKey
from libs.signing.suites import key_of, suite_of, vouches
from tests.support.people import OPERATOR, a_document, now
from tests.unit.signing.cards import judged, signed_by, trusting

Keys = Callable[[], object]
_SM2_WITH_SM3 = x509.ObjectIdentifier("1.2.156.10197.1.501")
KINDS: dict[str, Keys] = {
    "sm2": PrivateKey.generate,
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
}
of_root = pytest.mark.parametrize("root", KINDS.values(), ids=KINDS)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create(key=PrivateKey.generate())


@pytest.fixture(scope="module")
def card(authority: Authority) -> Issued:
    return authority.issue(OPERATOR, key=PrivateKey.generate())


@pytest.fixture
def trust(authority: Authority, tmp_path: Path) -> TrustStore:
    return trusting(tmp_path, authority)


# messages


def test_xml_is_signed_in_the_shape_of_customs(card: Issued, trust: TrustStore) -> None:
    signed = signed_by(card)
    number = f"{card.certificate.serial_number:016x}"
    for part in (
        f'<ds:CanonicalizationMethod Algorithm="{C14N}"></ds:CanonicalizationMethod>',
        'SignatureMethod Algorithm="http://www.chinaport.gov.cn/2022/04/xmldsig#sm2-sm3"',
        f'<ds:Transforms><ds:Transform Algorithm="{ENVELOPED}"></ds:Transform></ds:Transforms>',
        'DigestMethod Algorithm="http://www.chinaport.gov.cn/2022/04/xmldsig#sm3"',
        f"<ds:KeyInfo><ds:KeyName>{number}</ds:KeyName><ds:X509Data><ds:X509Certificate>",
    ):
        assert part.encode() in signed
    verdict = verify(signed, XML, None, trust, now()).verdict
    assert (verdict.reason, verdict.suite) == ("OK", "sm2-sm3")


def test_a_suite_is_taken_in_its_own_shape_only(
    card: Issued, authority: Authority, trust: TrustStore
) -> None:
    for issued, shape in ((card, OURS), (authority.issue(OPERATOR), CUSTOMS)):
        signer = issued.signer
        signer.suite = replace(signer.suite, shape=shape)
        verdict = verify(sign_xml(a_document(), signer), XML, None, trust, now()).verdict
        assert verdict.reason == "PROFILE"


def test_what_signed_info_inherits_is_part_of_what_is_signed(
    card: Issued, trust: TrustStore
) -> None:
    """A namespace that is declared around it, in whatever order, prefixed ds or not."""
    wide = a_document().replace(b"<meta>", b'<meta xmlns:unused="urn:x">', 1)
    for more in (b' xmlns:z="urn:z" xmlns:a="urn:&amp;a"', b' xmlns:ds="urn:ours"'):
        document = wide.replace(b" xmlns=", more + b" xmlns=", 1)
        signed = sign_xml(document, card.signer)
        assert verify(signed, XML, None, trust, now()).verdict.reason == "OK"
        changed = signed.replace(more, more.replace(b"urn:", b"urm:"), 1)
        assert verify(changed, XML, None, trust, now()).verdict.reason == "BAD_SIGNATURE"


def test_what_it_would_inherit_beyond_namespaces_is_refused(
    card: Issued, trust: TrustStore
) -> None:
    told = a_document().replace(b" xmlns=", b' xml:lang="zh" xmlns=', 1)
    with pytest.raises(Malformed):
        sign_xml(told, card.signer)
    signed = signed_by(card).replace(b" xmlns=", b' xml:lang="zh" xmlns=', 1)
    assert verify(signed, XML, None, trust, now()).verdict.reason == "PROFILE"


def test_the_same_signature_with_white_space_or_another_prefix_holds(
    card: Issued, trust: TrustStore
) -> None:
    signed = signed_by(card)
    spaced = signed.replace(b"</ds:KeyName>", b"</ds:KeyName>\n  ")
    assert verify(spaced, XML, None, trust, now()).verdict.reason == "OK"
    other = signed.replace(b"<ds:", b"<q:").replace(b"</ds:", b"</q:").replace(b":ds=", b":q=")
    assert verify(other, XML, None, trust, now()).verdict.reason == "BAD_SIGNATURE"


def test_a_changed_document_is_seen(card: Issued, trust: TrustStore) -> None:
    changed = signed_by(card).replace(b"110000.00", b"110000.01")
    assert verify(changed, XML, None, trust, now()).verdict.reason == "BAD_SIGNATURE"


def test_a_detached_jws_is_trusted(card: Issued, trust: TrustStore) -> None:
    data = '{"kind":"通保"}'.encode()
    detached = sign_jws(data, card.signer)
    verdict = verify(data, JSON, detached, trust, now()).verdict
    assert (verdict.reason, verdict.suite) == ("OK", "sm2-sm3")
    assert verify(data + b" ", JSON, detached, trust, now()).verdict.reason == "BAD_SIGNATURE"


@pytest.mark.parametrize("name", ["ecdsa-p256-sha256", "rsa-sha256"])
def test_the_suite_must_be_the_keys(
    card: Issued, authority: Authority, trust: TrustStore, name: str
) -> None:
    other = authority.issue(OPERATOR, rsa_bits=2048 if name == "rsa-sha256" else None)
    signed, certificate = signed_by(other), other.certificate_pem().split(b"-----")[2]
    swapped = signed.replace(
        b"".join(certificate.split()), b"".join(card.certificate_pem().split(b"-----")[2].split())
    )
    assert swapped != signed
    assert verify(swapped, XML, None, trust, now()).verdict.reason == "BAD_SIGNATURE"


# chains


@of_root
@pytest.mark.parametrize("leaf", KINDS.values(), ids=KINDS)
def test_either_kind_of_root_issues_either_kind_of_card(
    root: Keys, leaf: Keys, tmp_path: Path
) -> None:
    authority = Authority.create(key=root())
    assert judged(authority.issue(OPERATOR, key=leaf()), trusting(tmp_path, authority)) == "OK"


@of_root
def test_an_intermediate_may_be_of_the_other_kind(root: Keys, tmp_path: Path) -> None:
    top = Authority.create(key=root(), path_length=1)
    other = next(key for key in KINDS.values() if key is not root)
    middle = Authority.create("Middle", parent=top, key=other())
    card = middle.issue(OPERATOR, key=PrivateKey.generate())
    assert judged(card, trusting(tmp_path, top, middle)) == "OK"
    assert judged(card, trusting(tmp_path, top)) == "NOT_TRUSTED"


@of_root
def test_a_foreign_authority_of_the_same_name_is_not_trusted(root: Keys, tmp_path: Path) -> None:
    stranger = Authority.create(key=PrivateKey.generate())
    store = trusting(tmp_path, Authority.create(key=root()))
    assert judged(stranger.issue(OPERATOR, key=PrivateKey.generate()), store) == "NOT_TRUSTED"


def test_a_card_on_the_list_of_an_sm2_authority_is_refused(
    authority: Authority, card: Issued, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_bytes(authority.issued.certificate_pem())
    (tmp_path / "crl.pem").write_bytes(authority.revocations([card.certificate]))
    store = TrustStore.load(tmp_path / "ca.pem", tmp_path / "crl.pem")
    assert judged(card, store) == "REVOKED"
    assert judged(authority.issue(OPERATOR, key=PrivateKey.generate()), store) == "OK"


def test_a_list_that_another_sm2_authority_signed_is_refused(
    authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_bytes(authority.issued.certificate_pem())
    stranger = Authority.create(key=PrivateKey.generate())
    (tmp_path / "crl.pem").write_bytes(stranger.revocations([]))
    with pytest.raises(SignerError, match="not signed by a trusted authority"):
        TrustStore.load(tmp_path / "ca.pem", tmp_path / "crl.pem")


# certificates


def test_they_say_what_real_cards_say(card: Issued) -> None:
    assert card.certificate.signature_algorithm_oid == _SM2_WITH_SM3
    assert card.certificate.public_key_algorithm_oid.dotted_string == "1.2.840.10045.2.1"
    key = key_of(card.certificate)
    assert isinstance(key, PublicKey)
    assert key == card.key.public
    assert suite_of(key).name == "sm2-sm3"


def forged(card: Issued, change: Callable[[list[bytes]], None]) -> x509.Certificate:
    """The certificate with its three parts (content, algorithm, signature) changed."""
    parts = der.parts(card.certificate.public_bytes(Encoding.DER))
    change(parts)
    return x509.load_der_x509_certificate(der.encoded(der.SEQUENCE, *parts))


def algorithm(text: str) -> Callable[[list[bytes]], None]:
    def change(parts: list[bytes]) -> None:
        parts[1] = bytes.fromhex(text)

    return change


def signature(value: bytes) -> Callable[[list[bytes]], None]:
    def change(parts: list[bytes]) -> None:
        parts[2] = value

    return change


def subject(parts: list[bytes]) -> None:
    parts[0] = parts[0].replace("李晓明".encode(), "李晓朋".encode())


FORGERIES: dict[str, Callable[[list[bytes]], None]] = {
    "another subject": subject,
    "another algorithm outside": algorithm("300a06082a8648ce3d040302"),
    "parameters outside only": algorithm("300c06082a811ccf550183750500"),
    "no signature": signature(der.encoded_bits(b"")),
    "a signature that is no DER": signature(der.encoded_bits(b"\x30\x80")),
    "a signature of zeros": signature(der.encoded_bits(bytes.fromhex("3006020100020100"))),
    "a signature of huge numbers": signature(
        der.encoded_bits(
            der.encoded(der.SEQUENCE, der.encoded_number(1 << 2000), der.encoded_number(1 << 2000))
        )
    ),
    "raw r and s": signature(der.encoded_bits(b"\1" * 64)),
    "unused bits": signature(b"\x03\x03\x01\x30\x00"),
}


@pytest.mark.parametrize("change", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_certificate_is_not_vouched_for(
    authority: Authority, card: Issued, change: Callable[[list[bytes]], None]
) -> None:
    root = authority.issued.certificate
    assert vouches(root, card.certificate)
    assert not vouches(root, forged(card, change))


def test_an_authority_of_another_name_does_not_vouch(authority: Authority, card: Issued) -> None:
    other = Authority.create("Another name", key=authority.issued.key)
    assert not vouches(other.issued.certificate, card.certificate)


def test_a_key_with_a_lie_in_it_is_no_key(card: Issued, trust: TrustStore) -> None:
    data = card.certificate.public_bytes(Encoding.DER)
    point = card.key.public.point
    for lie in (b"\4" + bytes(64), point[:-1] + bytes([point[-1] ^ 1]), b"\2" + point[1:]):
        with pytest.raises(ValueError, match="not a usable certificate"):
            trust.check(data.replace(point, lie))


def test_real_cards_authority_writes_parameters(authority: Authority) -> None:
    """NULL where others write nothing (domain: certificates of real cards)."""
    card = authority.issue(OPERATOR, key=PrivateKey.generate())
    plain, with_null = (
        bytes.fromhex("300a06082a811ccf55018375"),
        bytes.fromhex("300c06082a811ccf550183750500"),
    )
    fields = der.parts(card.certificate.tbs_certificate_bytes)
    fields[fields.index(plain)] = with_null
    content = der.encoded(der.SEQUENCE, *fields)
    key = authority.issued.key
    value = der.encoded_bits(suite_of(key).wrapped(key.sign(content)))
    whole = der.encoded(der.SEQUENCE, content, with_null, value)
    assert vouches(authority.issued.certificate, x509.load_der_x509_certificate(whole))


# keys in files


def test_an_sm2_key_in_a_file_signs(card: Issued, tmp_path: Path) -> None:
    card.save(tmp_path / "a.key", tmp_path / "a.pem")
    signer = FileSigner.load(tmp_path / "a.key", tmp_path / "a.pem")
    assert signer.suite.name == "sm2-sm3"
    assert signer.fits()


def test_an_sm2_certificate_is_not_another_keys(
    authority: Authority, card: Issued, tmp_path: Path
) -> None:
    """`fits` once let an exception of `cryptography` out for it."""
    card.save(tmp_path / "a.key", tmp_path / "a.pem")
    for other in (authority.issue(OPERATOR), authority.issue(OPERATOR, key=PrivateKey.generate())):
        other.save(tmp_path / "b.key", tmp_path / "b.pem")
        assert not FileSigner(other.key, card.certificate).fits()
        for key, certificate in (("a.key", "b.pem"), ("b.key", "a.pem")):
            with pytest.raises(SignerError, match="not the key of"):
                FileSigner.load(tmp_path / key, tmp_path / certificate)


def test_a_certificate_of_no_suite_fits_no_key(card: Issued, authority: Authority) -> None:
    model = card.certificate
    key = ed25519.Ed25519PrivateKey.generate()
    builder = x509.CertificateBuilder(
        model.issuer,
        model.subject,
        key.public_key(),
        1,
        model.not_valid_before_utc,
        model.not_valid_after_utc,
    )
    certificate = builder.sign(key, None)
    assert not FileSigner(card.key, certificate).fits()


def test_an_encrypted_file_wants_its_password(card: Issued, tmp_path: Path) -> None:
    card.save(tmp_path / "a.key", tmp_path / "a.pem")
    (tmp_path / "a.key").write_bytes(card.key_pem(b"secret"))
    paths = tmp_path / "a.key", tmp_path / "a.pem"
    assert FileSigner.load(*paths, b"secret").fits()
    with pytest.raises(SignerError, match=r"a\.key: Password was not given"):
        FileSigner.load(*paths)
    with pytest.raises(SignerError, match=r"a\.key: not a usable private key"):
        FileSigner.load(*paths, b"wrong")


def test_a_document_in_another_form_is_signed_too(card: Issued, trust: TrustStore) -> None:
    document = a_document().replace(b"><", b">\r\n<")
    verdict = verify(sign_xml(document, card.signer), XML, None, trust, now()).verdict
    assert verdict.reason == "OK"
