"""Both ways with another implementation of RFC 7515: joserfc."""

import base64

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from libs.messages.partners import JSON
from libs.signing import sign_jws, verify
from libs.signing.pki import Issued
from tests.support.people import OPERATOR, People, now

PAYLOAD = '{"kind":"通保"}'.encode()
SUITES = pytest.mark.parametrize("rsa_bits", [None, 2048], ids=["ecdsa", "rsa"])


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> People:
    return People(tmp_path_factory.mktemp("pki"))


def _key(card: Issued, rsa_bits: int | None) -> ECKey | RSAKey:
    return RSAKey.import_key(card.key_pem()) if rsa_bits else ECKey.import_key(card.key_pem())


def _algorithm(rsa_bits: int | None) -> str:
    return "RS256" if rsa_bits else "ES256"


@SUITES
def test_joserfc_verifies_ours(people: People, rsa_bits: int | None) -> None:
    card = people.authority.issue(OPERATOR, rsa_bits=rsa_bits)
    header, signature = sign_jws(PAYLOAD, card.signer).split("..")
    payload = base64.urlsafe_b64encode(PAYLOAD).decode().rstrip("=")
    registry = jws.JWSRegistry(algorithms=[_algorithm(rsa_bits)])
    registry.max_header_length = 4096  # a certificate is in it
    text = f"{header}.{payload}.{signature}"
    found = jws.deserialize_compact(text, _key(card, rsa_bits), registry=registry)
    assert found.payload == PAYLOAD


@SUITES
def test_we_verify_joserfc(people: People, rsa_bits: int | None) -> None:
    card = people.authority.issue(OPERATOR, rsa_bits=rsa_bits)
    certificate = base64.b64encode(card.signer.certificate).decode()
    protected = {"alg": _algorithm(rsa_bits), "typ": "tongbao+jws", "x5c": [certificate]}
    text = jws.serialize_compact(
        protected, PAYLOAD, _key(card, rsa_bits), algorithms=[_algorithm(rsa_bits)]
    )
    header, _, signature = text.split(".")
    verdict = verify(PAYLOAD, JSON, f"{header}..{signature}", people.trust, now()).verdict
    assert verdict.reason == "OK", verdict.detail
