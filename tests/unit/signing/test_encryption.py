"""Messages for one reader: only its key opens them, and the signature is inside."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash

from libs.messages.parties import Role
from libs.messages.partners import JSON, XML
from libs.signing import SignerError, TrustStore, sign_jws, sign_xml, verify
from libs.signing.encryption import NoRecipient, Opener, Recipient, Signed, Unreadable
from libs.signing.jws import unb64url
from libs.signing.pki import Authority, Issued, Subject
from tests.support.people import OPERATOR, a_document, now

INSURER = Subject(Role.INSURER, "CPIC", "太平洋财险")


class Office:
    """An insurer with a key to be encrypted to, and whom we trust."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority.create()
        self.card = self.authority.issue(OPERATOR)
        (folder / "ca.pem").write_bytes(self.authority.issued.certificate_pem())
        (folder / "crl.pem").write_bytes(self.authority.revocations([]))
        self.trust = TrustStore.load(folder / "ca.pem", folder / "crl.pem")
        self.issued = self.authority.issue(INSURER, encryption=True)

    def recipient(self, issued: Issued | None = None, party: str = "CPIC") -> Recipient:
        (issued or self.issued).save(self.key, self.certificate)
        return Recipient.load(self.certificate, party, self.trust)

    def opener(self) -> Opener:
        self.issued.save(self.key, self.certificate)
        return Opener.load(self.key)

    @property
    def key(self) -> Path:
        return self.folder / "CPIC-encryption.key"

    @property
    def certificate(self) -> Path:
        return self.folder / "CPIC-encryption.pem"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def both(office: Office) -> list[Signed]:
    xml = sign_xml(a_document(), office.card.signer)
    data = b'{"a":"\xe4\xb8\xad"}'
    return [Signed(xml, XML), Signed(data, JSON, sign_jws(data, office.card.signer))]


def test_what_is_opened_is_what_was_signed(office: Office) -> None:
    for signed in both(office):
        hidden = office.recipient().encrypt(signed)
        opened = office.opener().open(hidden)
        assert opened == signed
        verdict = verify(*opened, office.trust, now()).verdict
        assert verdict.trusted


def test_nothing_of_the_content_or_the_signer_is_seen(office: Office) -> None:
    for signed in both(office):
        hidden = office.recipient().encrypt(signed)
        head = json.loads(unb64url(hidden.decode().split(".")[0]))
        assert set(head) == {"alg", "enc", "typ", "cty", "epk"}
        assert (head["alg"], head["enc"]) == ("ECDH-ES", "A256GCM")
        assert head["cty"].startswith(signed.content_type)


def test_each_time_it_is_another_ciphertext(office: Office) -> None:
    recipient, signed = office.recipient(), both(office)[0]
    assert recipient.encrypt(signed) != recipient.encrypt(signed)


def test_a_reader_of_the_rfcs_alone_can_open_it(office: Office) -> None:
    """RFC 7516 and RFC 7518, 4.6, by hand."""
    signed = both(office)[0]
    header, key, nonce, text, tag = office.recipient().encrypt(signed).decode().split(".")
    epk = json.loads(unb64url(header))["epk"]
    x, y = (int.from_bytes(unb64url(epk[name]), "big") for name in "xy")
    other = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    assert isinstance(office.issued.key, ec.EllipticCurvePrivateKey)
    secret = office.issued.key.exchange(ec.ECDH(), other)
    info = b"".join(len(part).to_bytes(4, "big") + part for part in (b"A256GCM", b"", b""))
    content_key = ConcatKDFHash(SHA256(), 32, info + (256).to_bytes(4, "big")).derive(secret)
    cipher = AESGCM(content_key)
    plain = cipher.decrypt(unb64url(nonce), unb64url(text) + unb64url(tag), header.encode())
    assert plain == signed.body
    assert key == ""


def test_another_key_opens_nothing(office: Office) -> None:
    hidden = office.recipient().encrypt(both(office)[0])
    office.issued = office.authority.issue(INSURER, encryption=True)
    with pytest.raises(Unreadable):
        office.opener().open(hidden)


@pytest.mark.parametrize("at", range(5))
def test_a_changed_part_opens_nothing(office: Office, at: int) -> None:
    parts = office.recipient().encrypt(both(office)[1]).decode().split(".")
    part = parts[at]
    parts[at] = f"{'B' if part[:1] == 'A' else 'A'}{part[1:]}"
    with pytest.raises(Unreadable):
        office.opener().open(".".join(parts).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"....",
        b"<xml/>",
        b"\xff\x00",
        b"e30.e30.e30.e30.e30",
        b"a" * 5_000_000,
        b"eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0....",
    ],
    ids=["empty", "dots", "xml", "bytes", "no header", "huge", "dir"],
)
def test_rubbish_opens_nothing(office: Office, data: bytes) -> None:
    with pytest.raises(Unreadable):
        office.opener().open(data)


def test_a_certificate_to_sign_with_is_not_encrypted_to(office: Office) -> None:
    with pytest.raises(SignerError, match="NOT_TRUSTED"):
        office.recipient(office.authority.issue(INSURER))


def test_a_certificate_to_encrypt_to_signs_nothing(office: Office) -> None:
    signed = sign_xml(a_document(), office.authority.issue(OPERATOR, encryption=True).signer)
    assert verify(signed, XML, None, office.trust, now()).verdict.reason == "NOT_TRUSTED"


@pytest.mark.parametrize(
    ("issue", "reason"),
    [
        (lambda o: Authority.create().issue(INSURER, encryption=True), "NOT_TRUSTED"),
        (
            lambda o: o.authority.issue(
                INSURER, encryption=True, since=datetime.now(UTC) - timedelta(9), days=1
            ),
            "EXPIRED",
        ),
        (
            lambda o: o.authority.issue(Subject(Role.INSURER, "PICC", "人保"), encryption=True),
            "WRONG_SENDER",
        ),
        (lambda o: o.authority.issue(INSURER, encryption=True, rsa_bits=2048), "P-256"),
    ],
    ids=["stranger", "expired", "another party", "rsa"],
)
def test_a_certificate_that_cannot_be_relied_on_is_refused(
    office: Office, issue: object, reason: str
) -> None:
    assert callable(issue)
    with pytest.raises(SignerError, match=reason):
        office.recipient(issue(office))


def test_once_revoked_nothing_more_is_encrypted_to_it(office: Office) -> None:
    recipient, signed = office.recipient(), both(office)[0]
    recipient.encrypt(signed)
    revoked: list[x509.Certificate] = [office.issued.certificate]
    (office.folder / "crl.pem").write_bytes(office.authority.revocations(revoked, _past()))
    office.trust.refresh()
    with pytest.raises(NoRecipient, match="REVOKED"):
        recipient.encrypt(signed)


def _past() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=30)
