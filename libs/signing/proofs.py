"""Small signed statements that are no messages: proof of a login, passes between our services.

Each holds a `purpose`, so that a signature given for one thing is worth nothing for another.
"""

from collections.abc import Mapping
from datetime import datetime

import orjson

from libs.messages.errors import Malformed
from libs.messages.parsing import parse_json
from libs.messages.partners import JSON
from libs.signing.jws import attached, detached, sign_jws
from libs.signing.profile import Profile
from libs.signing.signers import Signer
from libs.signing.trust import TrustStore
from libs.signing.verdict import Identity
from libs.signing.verification import verify

LOGIN = "tongbao-login"


class NotProven(Exception):
    """A statement that cannot be relied on; `reason` is a code of libs.messages.errors."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def canonical(statement: Mapping[str, object]) -> bytes:
    """The one form in which a statement is signed: sorted keys, no spaces, UTF-8."""
    return orjson.dumps(dict(statement), option=orjson.OPT_SORT_KEYS)


def login_statement(origin: str, nonce: str) -> bytes:
    """What a card signs to log in at `origin`: a signature for another site is worth nothing."""
    return canonical({"nonce": nonce, "origin": origin, "purpose": LOGIN})


def prove(statement: bytes, detached: str, trust: TrustStore, at: datetime) -> Identity:
    """Who signed `statement` (detached JWS). Raises NotProven."""
    verdict = verify(statement, JSON, detached, trust, at).verdict
    if not verdict.trusted or verdict.signer is None:
        raise NotProven(verdict.reason)
    return verdict.signer


def issue_pass(claims: Mapping[str, object], signer: Signer) -> str:
    """A compact JWS over `claims`: header, payload and signature with dots between."""
    payload = canonical(claims)
    return attached(sign_jws(payload, signer), payload).decode()


def read_pass(text: str, trust: TrustStore, at: datetime) -> tuple[Identity, dict[str, object]]:
    """Signer and claims of a compact JWS. Raises NotProven."""
    try:
        signature, data = detached(text)
        claims = parse_json(data)
    except (Profile, Malformed):
        raise NotProven("SYNTAX") from None
    return prove(data, signature, trust, at), claims
