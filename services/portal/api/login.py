"""Login by card: the card signs the portal's origin and a nonce that is good for one time."""

from datetime import UTC, datetime

from fastapi import APIRouter

from libs.service import sessions
from libs.signing.proofs import NotProven, login_statement, prove
from services.portal.api.session import logged_in
from services.portal.api.shapes import Challenge, LoggedIn, Login
from services.portal.parts import Parts
from services.portal.problems import Problem


def router(parts: Parts) -> APIRouter:
    """The endpoints."""
    routes = APIRouter(prefix="/api", tags=["login"])

    @routes.post("/login/challenge", summary="Get a challenge for a card to sign")
    async def challenge() -> Challenge:
        async with parts.pool.acquire() as connection:
            nonce, expires_at = await sessions.new_challenge(connection, parts.challenge_lifetime)
        return Challenge(
            nonce=nonce,
            origin=parts.origin,
            expires_at=expires_at,
            statement=login_statement(parts.origin, nonce).decode(),
        )

    @routes.post("/login", summary="Log in with a signed challenge")
    async def login(given: Login) -> LoggedIn:
        if given.origin != parts.origin:
            raise Problem("WRONG_ORIGIN", f"{given.origin}：应为 {parts.origin}")
        async with parts.pool.acquire() as connection:
            if not await sessions.take_challenge(connection, given.nonce):
                raise Problem("CHALLENGE")
            statement = login_statement(parts.origin, given.nonce)
            try:
                who = prove(statement, given.signature, parts.trust, datetime.now(UTC))
            except NotProven as wrong:
                raise Problem(wrong.reason) from None
            if not who.role.is_company:
                raise Problem("NOT_A_CARD", f"证书角色：{who.role.zh}")
            token, session = await sessions.open_session(connection, who, parts.session_lifetime)
        return logged_in(session, token)

    return routes
