"""The session that a login opened: whose it is, whether its card is still there, its end."""

from fastapi import APIRouter, Depends, Request, Response

from libs.service import sessions
from libs.service.sessions import Session
from services.portal.api.shapes import CardInReader, LoggedIn
from services.portal.parts import Parts, token_of


def router(parts: Parts) -> APIRouter:
    """The endpoints."""
    routes = APIRouter(prefix="/api", tags=["login"])
    asking = Depends(parts.session)

    @routes.get("/session", summary="Who is logged in")
    async def current(session: Session = asking) -> LoggedIn:
        return logged_in(session)

    @routes.put("/session/card", status_code=204, summary="Tell which card is in the reader")
    async def card_in_reader(request: Request, told: CardInReader, _: Session = asking) -> Response:
        """Without the card that logged in nothing is handed in; reading goes on."""
        async with parts.pool.acquire() as connection:
            await sessions.tell_card(connection, token_of(request) or "", told.card or "")
        return Response(status_code=204)

    @routes.post("/logout", status_code=204, summary="Log out")
    async def logout(request: Request) -> Response:
        token = token_of(request)
        if token:
            async with parts.pool.acquire() as connection:
                await sessions.close_session(connection, token)
        return Response(status_code=204)

    return routes


def logged_in(session: Session, token: str | None = None) -> LoggedIn:
    """A session as it is told; with its token only when it begins."""
    return LoggedIn(
        token=token,
        expires_at=session.expires_at,
        role=session.role,
        role_name=session.role.zh,
        uscc=session.party,
        company=session.name,
        holder=session.holder,
        card=session.card,
    )
