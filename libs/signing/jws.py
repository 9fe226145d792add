"""Detached JWS (RFC 7515, appendix F): `header..signature` beside the bytes it covers."""

import base64
import binascii
from dataclasses import dataclass
from functools import lru_cache

import orjson

from libs.messages.errors import Malformed
from libs.messages.parsing import parse_json
from libs.signing.profile import Profile
from libs.signing.signers import Signer
from libs.signing.suites import BY_JWS, Suite

_TYPE = "tongbao+jws"
_TEXT_MAX = 16_384
_HEADERS_MAX = 1_024  # remembered; one is a signer's certificate, 2 to 20 KB with its text
_MEMBERS = {"alg", "typ", "x5c"}
_PARTS = 3


@dataclass(frozen=True, slots=True)
class Head:
    """A protected header, read."""

    suite: Suite
    certificate: bytes  # DER


def sign_jws(payload: bytes, signer: Signer) -> str:
    """A detached JWS over `payload`, with the leaf certificate in its header."""
    header = _header(signer.suite.jws, signer.certificate)
    signature = signer.sign(signing_input(header, payload))
    return f"{header}..{b64url(signature)}"


def take_apart(text: str) -> tuple[str, Head, bytes]:
    """Header text, header and signature. Raises Profile for anything but our profile."""
    if len(text) > _TEXT_MAX:
        raise Profile("the JWS is too long")
    header, middle, signature = (*text.split("."), "", "", "")[:3]
    if text.count(".") != 2 or middle:  # noqa: PLR2004
        raise Profile("a detached JWS: header..signature")
    return header, _read_header(header), unb64url(signature)


def attached(text: str, payload: bytes) -> bytes:
    """A compact JWS, `header.payload.signature`, of a detached one and what it covers."""
    header, signature = text.split("..")
    return b".".join((signing_input(header, payload), signature.encode()))


def detached(text: str) -> tuple[str, bytes]:
    """A compact JWS taken apart: the detached one, and what it covers. Raises Profile."""
    parts = text.split(".")
    if len(parts) != _PARTS:
        raise Profile("a compact JWS: header.payload.signature")
    header, payload, signature = parts
    return f"{header}..{signature}", unb64url(payload)


def signing_input(header: str, payload: bytes) -> bytes:
    """What is signed: header and payload in base64url."""
    text = binascii.b2a_base64(payload, newline=False).rstrip(b"=")
    return header.encode() + b"." + text.replace(b"+", b"-").replace(b"/", b"_")


@lru_cache(maxsize=64)
def _header(alg: str, certificate: bytes) -> str:
    x5c = [base64.b64encode(certificate).decode()]
    return b64url(orjson.dumps({"alg": alg, "typ": _TYPE, "x5c": x5c}))


@lru_cache(maxsize=_HEADERS_MAX)
def _read_header(text: str) -> Head:
    try:
        header = parse_json(unb64url(text))  # refuses a name twice
    except Malformed:
        raise Profile("the JWS header is not a JSON object") from None
    if set(header) != _MEMBERS or header["typ"] != _TYPE:
        raise Profile(f'the JWS header holds exactly alg, typ "{_TYPE}" and x5c')
    suite = BY_JWS.get(header["alg"]) if isinstance(header["alg"], str) else None
    if suite is None:
        raise Profile(f"alg must be one of {', '.join(BY_JWS)}")
    x5c = header["x5c"]
    if not isinstance(x5c, list) or len(x5c) != 1 or not isinstance(x5c[0], str):
        raise Profile("x5c holds the signing certificate only")
    try:
        return Head(suite, binascii.a2b_base64(x5c[0], strict_mode=True))
    except ValueError:  # not base64, or not even ASCII
        raise Profile("x5c is not base64") from None


def b64url(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64url(text: str) -> bytes:
    """Strict: the alphabet, no padding, no loose bits. Raises Profile."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        raise Profile("the JWS is not base64url") from None
    if b64url(data) != text:
        raise Profile("the JWS is not base64url")
    return data
