"""`tongbao sign` and `tongbao verify`: exit 0 valid, 1 not valid, 2 wrong use."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from typer.testing import CliRunner, Result

from libs.messages.errors import REASONS
from libs.messages.parties import Role
from libs.signing.files import ADVICE
from libs.signing.pki import Subject
from tests.support.people import People, a_document, now
from tongbao.main import app


@pytest.fixture
def home(tmp_path: Path) -> People:
    """A folder with ca.pem, crl.pem, card.key, card.pem, doc.xml, doc.json."""
    people = People(tmp_path)
    people.operator.save(tmp_path / "card.key", tmp_path / "card.pem")
    (tmp_path / "doc.xml").write_bytes(a_document())
    (tmp_path / "doc.json").write_text('{"a": 1}')
    return people


def run(home: People, verb: str, *arguments: str) -> Result:
    """Words with a dot or a slash are files of the folder."""
    words = [str(home.folder / word) if "." in word else word for word in arguments]
    return CliRunner().invoke(app, [verb, *words])


def sign(home: People, *arguments: str) -> Result:
    return run(home, "sign", *arguments, "--key", "card.key", "--cert", "card.pem")


def verify(home: People, *arguments: str) -> Result:
    return run(home, "verify", *arguments, "--trust", "ca.pem")


def test_xml_is_signed_inside(home: People) -> None:
    done = sign(home, "doc.xml", "--out", "signed.xml")
    assert (done.exit_code, "signed document" in done.stdout) == (0, True)
    done = verify(home, "signed.xml", "--as", "operator")
    assert done.exit_code == 0
    assert "签名有效 / the signature is valid [OK]" in done.stdout
    assert "SubmitCargoProposal" in done.stdout


def test_without_out_the_signed_document_is_printed(home: People) -> None:
    done = sign(home, "doc.xml")
    (home.folder / "signed.xml").write_bytes(done.stdout_bytes)
    assert verify(home, "signed.xml").exit_code == 0


def test_anything_else_is_signed_beside(home: People) -> None:
    assert verify(home, "doc.json").exit_code == 1
    assert sign(home, "doc.json", "--out", "doc.json.jws").exit_code == 0
    assert verify(home, "doc.json").exit_code == 0
    assert sign(home, "doc.json", "--out", "other.jws").exit_code == 0
    assert verify(home, "doc.json", "--signature", "other.jws").exit_code == 0


def test_what_is_no_message_of_ours_can_be_signed_too(home: People) -> None:
    (home.folder / "hello.txt").write_bytes(b"hello\xff")
    assert sign(home, "hello.txt", "--out", "hello.txt.jws").exit_code == 0
    done = verify(home, "hello.txt", "--json")
    assert (done.exit_code, json.loads(done.stdout)["kind"]) == (0, None)


def test_json_holds_exactly_the_six_members(home: People) -> None:
    sign(home, "doc.xml", "--out", "signed.xml")
    found = json.loads(verify(home, "signed.xml", "--json").stdout)
    assert list(found) == ["intact", "trusted", "permitted", "reason", "signer", "kind"]
    assert (found["intact"], found["trusted"], found["permitted"]) == (True, True, None)
    assert (found["reason"], found["kind"]) == ("OK", "SubmitCargoProposal")
    assert found["signer"]["role"] == "operator"
    found = json.loads(verify(home, "signed.xml", "--json", "--as", "operator").stdout)
    assert found["permitted"] is True


@pytest.mark.parametrize("role", ["legal-person", "insurer", "bank", "service"])
def test_another_role_is_not_permitted(home: People, role: str) -> None:
    sign(home, "doc.xml", "--out", "signed.xml")
    done = verify(home, "signed.xml", "--as", role, "--json")
    found = json.loads(done.stdout)
    assert (done.exit_code, found["reason"], found["permitted"]) == (1, "NOT_PERMITTED", False)
    assert (found["intact"], found["trusted"]) == (True, True)


def test_a_role_that_may_not_sign_the_kind_is_not_permitted(home: People) -> None:
    """Signed by an insurer, asked for an insurer: still, a proposal is an operator's to sign."""
    insurer = home.authority.issue(Subject(Role.INSURER, "PICC", "人保财险"))
    insurer.save(home.folder / "card.key", home.folder / "card.pem")
    sign(home, "doc.xml", "--out", "signed.xml")
    assert verify(home, "signed.xml", "--as", "insurer").exit_code == 1


def test_a_changed_document_says_what_to_do(home: People) -> None:
    sign(home, "doc.xml", "--out", "signed.xml")
    path = home.folder / "signed.xml"
    path.write_bytes(path.read_bytes().replace(b"110000.00", b"110000.01"))
    done = verify(home, "signed.xml")
    assert done.exit_code == 1
    for words in ("数字签名无效", "请向签名人索取原件", "ask the signer", "[BAD_SIGNATURE]"):
        assert words in done.stdout


def test_the_list_and_the_time_count(home: People) -> None:
    sign(home, "doc.xml", "--out", "signed.xml")
    assert verify(home, "signed.xml", "--crl", "crl.pem").exit_code == 0
    home.revoke(home.operator)
    done = verify(home, "signed.xml", "--crl", "crl.pem", "--json")
    assert (done.exit_code, json.loads(done.stdout)["reason"]) == (1, "REVOKED")
    for when, reason in (("2020-01-01", "NOT_YET_VALID"), ("2120-01-01T08:00:00Z", "EXPIRED")):
        done = verify(home, "signed.xml", "--at", when, "--json")
        assert (done.exit_code, json.loads(done.stdout)["reason"]) == (1, reason)
    hour = (now() + timedelta(hours=1)).isoformat(timespec="seconds").replace("+00:00", "Z")
    assert verify(home, "signed.xml", "--at", hour).exit_code == 0


def test_trust_may_be_a_folder(home: People) -> None:
    sign(home, "doc.xml", "--out", "signed.xml")
    done = run(home, "verify", "signed.xml", "--trust", "./", "--crl", "./")
    assert done.exit_code == 0, done.stderr


def test_a_key_with_a_password(home: People) -> None:
    encrypted = home.operator.key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    (home.folder / "card.key").write_bytes(encrypted)
    (home.folder / "pass.txt").write_text("secret\n")
    assert sign(home, "doc.xml", "--password-file", "pass.txt").exit_code == 0
    assert "secret" not in sign(home, "doc.xml", "--password-file", "pass.txt").stderr
    done = sign(home, "doc.xml")
    assert (done.exit_code, "Password was not given" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.xml"], "missing.xml: cannot read: No such file"),
        (["./"], "cannot read: Is a directory"),
        (["doc.xml", "--at", "yesterday"], "not a time; for example"),
        (["doc.xml", "--as", "emperor"], "one of legal-person, operator"),
        (["doc.xml", "--trust", "missing.pem"], "missing.pem: cannot read"),
        (["doc.xml", "--trust", "doc.xml"], "holds no certificate"),
        (["doc.xml", "--trust", "card.pem"], "no certificate of an authority"),
        (["doc.xml", "--crl", "missing.pem"], "missing.pem: cannot read"),
        (["doc.xml", "--crl", "ca.pem"], "holds no revocation list"),
        (["doc.xml", "--signature", "missing.jws"], "missing.jws: cannot read"),
    ],
)
def test_wrong_use_of_verify_is_told(home: People, arguments: list[str], words: str) -> None:
    done = run(home, "verify", "--trust", "ca.pem", *arguments)  # the last of two counts
    assert done.exit_code == 2
    assert words in done.stderr
    assert not done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.xml"], "missing.xml: cannot read"),
        (["broken.xml"], "not well-formed XML"),
        (["doc.xml", "--password-file", "missing.txt"], "missing.txt: cannot read"),
        (["doc.xml", "--out", "nowhere.d/signed.xml"], "cannot write: No such file"),
        (["doc.xml", "--key", "missing.key"], "missing.key: cannot read the private key"),
        (["doc.xml", "--key", "doc.xml"], "not a usable private key"),
        (["doc.xml", "--cert", "ca.pem"], "is not the key of the certificate"),
    ],
)
def test_wrong_use_of_sign_is_told(home: People, arguments: list[str], words: str) -> None:
    (home.folder / "broken.xml").write_bytes(b"<a")
    done = run(home, "sign", "--key", "card.key", "--cert", "card.pem", *arguments)
    assert done.exit_code == 2
    assert words in done.stderr
    assert not done.stdout


@pytest.mark.parametrize(
    "reason",
    [
        "SYNTAX",
        "DTD",
        "TOO_LARGE",
        "TOO_DEEP",
        "NOT_SIGNED",
        "BAD_SIGNATURE",
        "PROFILE",
        "NOT_TRUSTED",
        "REVOKED",
        "EXPIRED",
        "NOT_YET_VALID",
        "NOT_PERMITTED",
    ],
)
def test_every_reason_has_words_and_advice(reason: str) -> None:
    assert all(REASONS[reason])
    assert all(ADVICE[reason])
