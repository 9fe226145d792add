"""Logins of companies: challenges answered once, sessions whose tokens are kept as digests only."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from libs.messages.parties import Role
from libs.service.db import Connection
from libs.signing import Identity

_BYTES = 32
_SWEEP = "DELETE FROM {} WHERE expires_at < $1"

_FIND = """
SELECT party, role, name, holder, card, fingerprint, expires_at, present FROM session
WHERE token_digest = $1 AND expires_at > $2"""


@dataclass(frozen=True)
class Session:
    """Who is logged in, as the card's certificate said.

    `present` is the fingerprint of the card that is in the client's reader now; empty: no card;
    None: the client does not tell.
    """

    role: Role
    party: str
    name: str
    holder: str
    card: str
    fingerprint: str
    expires_at: datetime
    present: str | None = None


async def new_challenge(
    connection: Connection, lifetime: timedelta, now: datetime | None = None
) -> tuple[str, datetime]:
    """A nonce to sign, and when it expires."""
    now = now or datetime.now(UTC)
    nonce, expires_at = secrets.token_urlsafe(_BYTES), now + lifetime
    await connection.execute(_SWEEP.format("login_challenge"), now)
    await connection.execute("INSERT INTO login_challenge VALUES ($1, $2)", nonce, expires_at)
    return nonce, expires_at


async def take_challenge(connection: Connection, nonce: str, now: datetime | None = None) -> bool:
    """Use up a nonce: True the first time, before it expires; never again."""
    expires_at: datetime | None = await connection.fetchval(
        "DELETE FROM login_challenge WHERE nonce = $1 RETURNING expires_at", nonce
    )
    return expires_at is not None and expires_at > (now or datetime.now(UTC))


async def open_session(
    connection: Connection, who: Identity, lifetime: timedelta, now: datetime | None = None
) -> tuple[str, Session]:
    """Log `who` in; returns the token, which is kept nowhere else."""
    now = now or datetime.now(UTC)
    token = secrets.token_urlsafe(_BYTES)
    session = Session(
        who.role, who.party, who.name, who.holder, who.card, who.fingerprint, now + lifetime
    )
    await connection.execute(_SWEEP.format("session"), now)
    await connection.execute(
        "INSERT INTO session VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        _digest(token),
        session.party,
        session.role.value,
        session.name,
        session.holder,
        session.card,
        session.fingerprint,
        now,
        session.expires_at,
    )
    return token, session


async def find_session(
    connection: Connection, token: str, now: datetime | None = None
) -> Session | None:
    """The session of a token; None when there is none or it has expired."""
    row = await connection.fetchrow(_FIND, _digest(token), now or datetime.now(UTC))
    return Session(**{**dict(row), "role": Role(row["role"])}) if row else None


async def tell_card(connection: Connection, token: str, fingerprint: str) -> None:
    """Note which card is in the client's reader; empty: none."""
    await connection.execute(
        "UPDATE session SET present = $2 WHERE token_digest = $1", _digest(token), fingerprint
    )


async def close_session(connection: Connection, token: str) -> None:
    """Log out."""
    await connection.execute("DELETE FROM session WHERE token_digest = $1", _digest(token))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
