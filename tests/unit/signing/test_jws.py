"""Detached JWS, as a checklist; and the compact passes made of them."""

import base64
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256

import orjson
import pytest

from libs.messages.partners import JSON, XML
from libs.signing import sign_jws, verify
from libs.signing.pki import Issued
from libs.signing.proofs import NotProven, issue_pass, prove, read_pass
from tests.support.people import OPERATOR, People, now
from tests.unit.signing.changes import judged

PAYLOAD = b'{"a": 1}'


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _header(text: str) -> dict[str, object]:
    head, _, _ = text.partition(".")
    found: dict[str, object] = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    return found


def _signed_with(header: Mapping[str, object] | bytes, card: Issued) -> str:
    """A signature that fits over any header: only the header can be at fault."""
    data = header if isinstance(header, bytes) else orjson.dumps(header)
    head = _b64url(data)
    return f"{head}..{_b64url(card.signer.sign(f'{head}.{_b64url(PAYLOAD)}'.encode()))}"


def test_bytes_with_their_signature_are_intact_and_trusted(people: People) -> None:
    signature = sign_jws(PAYLOAD, people.operator.signer)
    found = verify(PAYLOAD, JSON, signature, people.trust, now())
    assert (found.verdict.reason, found.content) == ("OK", PAYLOAD)
    assert (found.verdict.intact, found.verdict.trusted, found.verdict.permitted) == (
        True,
        True,
        None,
    )


def test_an_rsa_card_signs_too(people: People) -> None:
    card = people.authority.issue(OPERATOR, rsa_bits=2048)
    assert judged(people, PAYLOAD, sign_jws(PAYLOAD, card.signer)).reason == "OK"


def test_xml_may_be_signed_beside_too(people: People) -> None:
    payload = b"<Document/>"
    signature = sign_jws(payload, people.operator.signer)
    found = verify(payload, XML, signature, people.trust, now())
    assert (found.verdict.reason, found.content) == ("OK", payload)


def test_bytes_without_signature_are_told_apart(people: People) -> None:
    assert verify(PAYLOAD, JSON, None, people.trust, now()).verdict.reason == "NOT_SIGNED"


@pytest.mark.parametrize("payload", [b"", b'{"a": 2}', PAYLOAD + b"\n", b"\xef\xbb\xbf" + PAYLOAD])
def test_changed_bytes_are_seen(people: People, payload: bytes) -> None:
    signature = sign_jws(PAYLOAD, people.operator.signer)
    found = verify(payload, JSON, signature, people.trust, now())
    assert (found.verdict.reason, found.content) == ("BAD_SIGNATURE", None)


@pytest.mark.parametrize(
    "change",
    [
        {"alg": "none"},
        {"alg": "None"},
        {"alg": "HS256"},
        {"alg": "ES384"},
        {"alg": "PS256"},
        {"alg": None},
        {"alg": ["ES256"]},
        {"crit": ["b64"], "b64": False},
        {"crit": []},
        {"jku": "http://example.com/"},
        {"jwk": {}},
        {"kid": "1"},
        {"x5u": "http://example.com/"},
        {"typ": "JWT"},
        {"typ": None},
        {"x5c": []},
        {"x5c": "AAAA"},
        {"x5c": ["!!"]},
        {"x5c": ["AAAA"]},
        {"x5c": ["é"]},
        {"x5c": [1]},
        {"x5c": None},
    ],
    ids=str,
)
def test_other_headers_are_refused(people: People, change: dict[str, object]) -> None:
    header = _header(sign_jws(PAYLOAD, people.operator.signer)) | change
    assert judged(people, PAYLOAD, _signed_with(header, people.operator)).reason == "PROFILE"


@pytest.mark.parametrize("member", ["alg", "typ", "x5c"])
def test_no_header_is_left_out(people: People, member: str) -> None:
    header = _header(sign_jws(PAYLOAD, people.operator.signer))
    del header[member]
    assert judged(people, PAYLOAD, _signed_with(header, people.operator)).reason == "PROFILE"


def test_no_header_comes_twice(people: People) -> None:
    header = orjson.dumps(_header(sign_jws(PAYLOAD, people.operator.signer)))
    twice = b'{"alg":"none",' + header[1:]
    assert judged(people, PAYLOAD, _signed_with(twice, people.operator)).reason == "PROFILE"


@pytest.mark.parametrize("header", [b"", b"[]", b"1", b"null", b"{", b"\xff", b'{"alg":NaN}'])
def test_a_header_is_a_json_object(people: People, header: bytes) -> None:
    assert judged(people, PAYLOAD, _signed_with(header, people.operator)).reason == "PROFILE"


def test_two_certificates_are_refused(people: People) -> None:
    header = _header(sign_jws(PAYLOAD, people.operator.signer))
    root = base64.b64encode(people.authority.issued.signer.certificate).decode()
    chain = header | {"x5c": [*_certificates(header), root]}
    assert judged(people, PAYLOAD, _signed_with(chain, people.operator)).reason == "PROFILE"


def test_anothers_certificate_does_not_fit(people: People) -> None:
    other = people.authority.issue(OPERATOR)
    header = _header(sign_jws(PAYLOAD, other.signer))
    assert judged(people, PAYLOAD, _signed_with(header, people.operator)).reason == (
        "BAD_SIGNATURE"
    )


def test_the_algorithm_must_be_the_keys(people: People) -> None:
    header = _header(sign_jws(PAYLOAD, people.operator.signer)) | {"alg": "RS256"}
    assert judged(people, PAYLOAD, _signed_with(header, people.operator)).reason == (
        "BAD_SIGNATURE"
    )


def test_a_public_key_is_no_hmac_secret(people: People) -> None:
    header = _header(sign_jws(PAYLOAD, people.operator.signer)) | {"alg": "HS256"}
    head = _b64url(orjson.dumps(header))
    secret = people.operator.certificate_pem()
    mac = hmac.new(secret, f"{head}.{_b64url(PAYLOAD)}".encode(), sha256).digest()
    assert judged(people, PAYLOAD, f"{head}..{_b64url(mac)}").reason == "PROFILE"


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "...",
        "a..b",
        "a.b.c",
        "a..b==",
        "é..é",
        "\ud800..",
        "a" * 20_000,
        " ..",
        "a\n..b",
    ],
)
def test_broken_texts_are_refused(people: People, text: str) -> None:
    assert judged(people, PAYLOAD, text).reason == "PROFILE"


@pytest.mark.parametrize(
    "change", ["{0}=..{1}", "{0}..{1}=", "{0}..{1}\n", " {0}..{1}", "{0}..{1}+"]
)
def test_base64url_is_strict(people: People, change: str) -> None:
    head, _, signature = sign_jws(PAYLOAD, people.operator.signer).split(".")
    assert judged(people, PAYLOAD, change.format(head, signature)).reason == "PROFILE"


def test_loose_bits_are_refused(people: People) -> None:
    """64 bytes leave four bits of the last character unused; they must be zero."""
    text = sign_jws(PAYLOAD, people.operator.signer)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    loose = alphabet[alphabet.index(text[-1]) + 1]
    assert judged(people, PAYLOAD, text[:-1] + loose).reason == "PROFILE"


def test_an_attached_payload_is_refused(people: People) -> None:
    head, _, signature = sign_jws(PAYLOAD, people.operator.signer).split(".")
    attached = f"{head}.{_b64url(PAYLOAD)}.{signature}"
    assert judged(people, PAYLOAD, attached).reason == "PROFILE"


# statements and passes


def test_a_pass_tells_who_issued_it_and_what_it_claims(people: People) -> None:
    text = issue_pass({"purpose": "read", "party": "a"}, people.operator.signer)
    identity, claims = read_pass(text, people.trust, now())
    assert identity.party == OPERATOR.party
    assert claims == {"purpose": "read", "party": "a"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: text.replace(".", "..", 1), "SYNTAX"),
        (lambda text: text + "=", "PROFILE"),
        (lambda text: text.replace(".", ".A", 1), "SYNTAX"),
        (lambda text: text.replace(".", ".é", 1), "SYNTAX"),
        (lambda text: "", "SYNTAX"),
        (lambda text: "..", "SYNTAX"),
        (
            lambda text: ".".join((text.split(".")[0], _b64url(b'{"a":2}'), text.split(".")[2])),
            "BAD_SIGNATURE",
        ),
    ],
)
def test_a_changed_pass_proves_nothing(people: People, change: object, reason: str) -> None:
    text = issue_pass({"a": 1}, people.operator.signer)
    assert callable(change)
    with pytest.raises(NotProven) as caught:
        read_pass(change(text), people.trust, now())
    assert caught.value.reason == reason


def test_an_expired_card_proves_nothing(people: People) -> None:
    card = people.authority.issue(OPERATOR, since=now() - timedelta(days=2), days=1)
    with pytest.raises(NotProven) as caught:
        prove(PAYLOAD, sign_jws(PAYLOAD, card.signer), people.trust, now())
    assert caught.value.reason == "EXPIRED"


def _certificates(header: Mapping[str, object]) -> list[object]:
    found = header["x5c"]
    assert isinstance(found, list)
    return found
