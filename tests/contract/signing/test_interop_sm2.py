"""SM2 both ways with other implementations: the system's OpenSSL, and GmSSL through gmssl-pyx."""

import base64
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from libs.signing import der, sign_xml
from libs.signing.pki import Authority, Issued
from libs.signing.sm2 import PrivateKey, sm3
from libs.signing.sm2_x509 import key_info, raw, wrapped
from libs.signing.suites import key_of, read_private_key, vouches, write_private_key
from tests.support.people import OPERATOR
from tests.unit.signing.cards import judged, trusting

ID = "distid:1234567812345678"
PASSWORD = "246802"
DATAS = [b"", b"one", "通保".encode(), b"x" * 100_000]
data = pytest.mark.parametrize("data", DATAS, ids=["empty", "short", "Chinese", "long"])
Command = Callable[..., bytes]


@pytest.fixture
def openssl(tmp_path: Path) -> Command:
    """Run it in a folder; skips where it has no SM2."""

    def run(*arguments: str) -> bytes:
        done = subprocess.run(
            ["openssl", *arguments], cwd=tmp_path, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    try:
        run("genpkey", "-algorithm", "SM2", "-out", "theirs.key")
    except (OSError, AssertionError):
        pytest.skip("the openssl command is not installed, or was built without SM2")
    return run


@pytest.fixture
def gmssl() -> Any:
    return pytest.importorskip("gmssl_pyx", reason="gmssl-pyx (x86_64 only) is not installed")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create(key=PrivateKey.generate())


@pytest.fixture(scope="module")
def card(authority: Authority) -> Issued:
    return authority.issue(OPERATOR, key=PrivateKey.generate())


# OpenSSL


@data
def test_openssl_verifies_ours(openssl: Command, tmp_path: Path, card: Issued, data: bytes) -> None:
    (tmp_path / "data").write_bytes(data)
    (tmp_path / "signature").write_bytes(wrapped(card.signer.sign(data)))
    (tmp_path / "key.der").write_bytes(key_info(card.key.public))
    openssl("pkey", "-pubin", "-inform", "DER", "-in", "key.der", "-out", "key.pem", "-pubout")
    verify = ["dgst", "-sm3", "-verify", "key.pem", "-sigopt", ID, "-signature", "signature"]
    assert openssl(*verify, "data") == b"Verified OK\n"
    (tmp_path / "data").write_bytes(data + b"!")
    with pytest.raises(AssertionError):
        openssl(*verify, "data")


def test_openssl_verifies_a_document_in_the_shape_of_customs(
    openssl: Command, tmp_path: Path, card: Issued
) -> None:
    """SignedInfo as customs canonicalise it, written down here by hand."""
    document = b'<?xml version="1.0" encoding="UTF-8"?>\n<a xmlns="urn:a"><b>\xe4\xbf\x9d</b></a>'
    signed = sign_xml(document, card.signer)
    body = document.partition(b"\n")[2]
    digest = base64.b64encode(openssl_digest(openssl, tmp_path, body)).decode()
    canonical = (
        '<ds:SignedInfo xmlns="urn:a" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
        '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315">'
        "</ds:CanonicalizationMethod>"
        '<ds:SignatureMethod Algorithm="http://www.chinaport.gov.cn/2022/04/xmldsig#sm2-sm3">'
        "</ds:SignatureMethod>"
        '<ds:Reference URI=""><ds:Transforms>'
        '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature">'
        "</ds:Transform></ds:Transforms>"
        '<ds:DigestMethod Algorithm="http://www.chinaport.gov.cn/2022/04/xmldsig#sm3">'
        f"</ds:DigestMethod><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    )
    value = signed.partition(b"<ds:SignatureValue>")[2].partition(b"<")[0]
    (tmp_path / "data").write_text(canonical)
    (tmp_path / "signature").write_bytes(wrapped(base64.b64decode(value)))
    (tmp_path / "key.der").write_bytes(key_info(card.key.public))
    openssl("pkey", "-pubin", "-inform", "DER", "-in", "key.der", "-out", "key.pem", "-pubout")
    verify = ["dgst", "-sm3", "-verify", "key.pem", "-sigopt", ID, "-signature", "signature"]
    assert openssl(*verify, "data") == b"Verified OK\n"


def openssl_digest(openssl: Command, folder: Path, data: bytes) -> bytes:
    (folder / "body").write_bytes(data)
    return openssl("dgst", "-sm3", "-binary", "body")


@data
def test_we_verify_openssl(openssl: Command, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "data").write_bytes(data)
    signature = raw(openssl("dgst", "-sm3", "-sign", "theirs.key", "-sigopt", ID, "data"))
    key = read_private_key((tmp_path / "theirs.key").read_bytes())
    assert isinstance(key, PrivateKey)
    assert key.public.verify(signature, data)
    assert not key.public.verify(signature, data + b"!")


def test_digests_are_openssls(openssl: Command, tmp_path: Path) -> None:
    for each in DATAS:
        (tmp_path / "data").write_bytes(each)
        assert openssl("dgst", "-sm3", "-binary", "data") == sm3(each)


@pytest.mark.parametrize("root", ["sm2", "p256"])
def test_openssl_trusts_our_cards(openssl: Command, tmp_path: Path, root: str) -> None:
    key = PrivateKey.generate() if root == "sm2" else None
    authority = Authority.create(key=key)
    card = authority.issue(OPERATOR, key=PrivateKey.generate())
    (tmp_path / "ca.pem").write_bytes(authority.issued.certificate_pem())
    (tmp_path / "card.pem").write_bytes(card.certificate_pem())
    options = ["-vfyopt", ID] if root == "sm2" else []
    assert openssl("verify", *options, "-CAfile", "ca.pem", "card.pem") == b"card.pem: OK\n"
    stranger = Authority.create(key=key and PrivateKey.generate())
    (tmp_path / "ca.pem").write_bytes(stranger.issued.certificate_pem())
    with pytest.raises(AssertionError):
        openssl("verify", *options, "-CAfile", "ca.pem", "card.pem")


def test_openssl_verifies_our_revocation_list(
    openssl: Command, tmp_path: Path, authority: Authority, card: Issued
) -> None:
    """By hand: its own checks of lists know no user id."""
    crl = x509.load_pem_x509_crl(authority.revocations([card.certificate]))
    (tmp_path / "content").write_bytes(crl.tbs_certlist_bytes)
    (tmp_path / "signature").write_bytes(crl.signature)
    (tmp_path / "ca.pem").write_bytes(authority.issued.certificate_pem())
    openssl("x509", "-in", "ca.pem", "-pubkey", "-noout", "-out", "key.pem")
    verify = ["dgst", "-sm3", "-verify", "key.pem", "-sigopt", ID, "-signature", "signature"]
    assert openssl(*verify, "content") == b"Verified OK\n"


def test_we_trust_openssls_authority(openssl: Command, tmp_path: Path) -> None:
    openssl(
        *("req", "-x509", "-new", "-sm3", "-key", "theirs.key", "-sigopt", ID, "-out", "ca.pem"),
        *("-subj", "/O=Tongbao/CN=Their CA", "-days", "2"),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
    )
    authority = _authority(tmp_path)
    assert vouches(authority.issued.certificate, authority.issued.certificate)
    assert judged(authority.issue(OPERATOR), trusting(tmp_path, authority)) == "OK"


def test_we_read_the_key_of_a_card_that_openssl_issued(
    openssl: Command, tmp_path: Path, authority: Authority, card: Issued
) -> None:
    """Our request signed by their command with our authority's key: their certificate, our key."""
    (tmp_path / "card.key").write_bytes(card.key_pem())
    authority.issued.save(tmp_path / "ca.key", tmp_path / "ca.pem")
    openssl(
        *("req", "-new", "-sm3", "-key", "card.key", "-sigopt", ID, "-subj", "/CN=card"),
        *("-out", "card.req"),
    )
    openssl(
        *("x509", "-req", "-sm3", "-in", "card.req", "-vfyopt", ID, "-sigopt", ID),
        *("-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2", "-out", "card.pem"),
    )
    theirs = x509.load_pem_x509_certificate((tmp_path / "card.pem").read_bytes())
    assert key_of(theirs) == card.key.public
    assert vouches(authority.issued.certificate, theirs)


def _authority(folder: Path) -> Authority:
    key = read_private_key((folder / "theirs.key").read_bytes())
    certificate = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    return Authority(Issued(key, certificate))


@pytest.mark.parametrize("cipher", ["aes-128-cbc", "aes-256-cbc", "sm4-cbc"])
@pytest.mark.parametrize("function", ["hmacWithSHA1", "hmacWithSHA256"])
def test_we_read_keys_that_openssl_encrypts(
    openssl: Command, tmp_path: Path, cipher: str, function: str
) -> None:
    openssl(
        *("pkcs8", "-topk8", "-in", "theirs.key", "-out", "encrypted.key"),
        *("-v2", cipher, "-v2prf", function, "-passout", f"pass:{PASSWORD}"),
    )
    key = read_private_key((tmp_path / "theirs.key").read_bytes())
    encrypted = (tmp_path / "encrypted.key").read_bytes()
    assert read_private_key(encrypted, PASSWORD.encode()) == key


def test_openssl_reads_keys_that_we_encrypt(openssl: Command, tmp_path: Path, card: Issued) -> None:
    (tmp_path / "ours.key").write_bytes(write_private_key(card.key, PASSWORD.encode()))
    openssl("pkey", "-in", "ours.key", "-passin", f"pass:{PASSWORD}", "-out", "plain.key")
    assert read_private_key((tmp_path / "plain.key").read_bytes()) == card.key


def test_we_read_keys_as_gmssls_tool_encrypts_them(
    openssl: Command, tmp_path: Path, card: Issued
) -> None:
    """SM4 and PBKDF2 over SM3; OpenSSL 3.0 does both, but writes no such file."""
    salt, vector, rounds = bytes(range(8)), bytes(range(16)), 65_536
    key = openssl(
        *("kdf", "-binary", "-keylen", "16", "-kdfopt", "digest:SM3", "-kdfopt"),
        *(f"pass:{PASSWORD}", "-kdfopt", f"hexsalt:{salt.hex()}", "-kdfopt", f"iter:{rounds}"),
        "PBKDF2",
    )
    (tmp_path / "plain").write_bytes(_pkcs8(card))
    secret = openssl("enc", "-sm4-cbc", "-K", key.hex(), "-iv", vector.hex(), "-in", "plain")

    def sequence(*inside: bytes) -> bytes:
        return der.encoded(der.SEQUENCE, *inside)

    def octets(value: bytes) -> bytes:
        return der.encoded(der.OCTET_STRING, value)

    pbes2, pbkdf2 = (bytes.fromhex(f"06092a864886f70d01050{last}") for last in "dc")
    hmac_sm3, sm4_cbc = (
        bytes.fromhex("06092a811ccf5501831102"),
        bytes.fromhex("06082a811ccf55016802"),
    )
    how = sequence(
        octets(salt), der.encoded_number(rounds), der.encoded_number(16), sequence(hmac_sm3)
    )
    scheme = sequence(pbes2, sequence(sequence(pbkdf2, how), sequence(sm4_cbc, octets(vector))))
    (tmp_path / "whole").write_bytes(sequence(scheme, octets(secret)))
    text = openssl("enc", "-base64", "-in", "whole")
    pem = b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n%b-----END ENCRYPTED PRIVATE KEY-----\n" % text
    assert read_private_key(pem, PASSWORD.encode()) == card.key


def _pkcs8(card: Issued) -> bytes:
    lines = card.key_pem().splitlines()[1:-1]
    return subprocess.run(
        ["openssl", "enc", "-d", "-base64"],
        input=b"\n".join(lines) + b"\n",
        capture_output=True,
        check=True,
    ).stdout


# GmSSL


@data
def test_gmssl_verifies_ours(gmssl: Any, card: Issued, data: bytes) -> None:
    signature, point = wrapped(card.signer.sign(data)), card.key.public.point[1:]
    assert gmssl.sm2_verify(point, data, signature)


@data
def test_we_verify_gmssl(gmssl: Any, card: Issued, data: bytes) -> None:
    number = card.key.number.to_bytes(32, "big")
    signature = gmssl.sm2_sign(number, card.key.public.point[1:], data)
    assert card.key.public.verify(raw(signature), data)
    assert not card.key.public.verify(raw(signature), data + b"!")


def test_gmssls_keys_are_ours(gmssl: Any) -> None:
    for _ in range(20):
        point, number = gmssl.sm2_key_generate()
        assert PrivateKey(int.from_bytes(number, "big")).public.point[1:] == point


def test_gmssl_finds_our_digest(gmssl: Any, card: Issued) -> None:
    for each in DATAS:
        signature = wrapped(card.signer.sign(each))
        digest = card.key.public.digest(each)
        assert gmssl.sm2_verify_sm3_digest(card.key.public.point[1:], digest, signature)


def test_gmssl_vouches_for_our_certificates(gmssl: Any, authority: Authority, card: Issued) -> None:
    content = card.certificate.tbs_certificate_bytes
    point = authority.issued.key.public.point[1:]
    assert gmssl.sm2_verify(point, content, card.certificate.signature)
    assert card.certificate.public_bytes(Encoding.DER).endswith(card.certificate.signature)
