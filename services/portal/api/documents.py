"""Documents of the company: lists, one, its moves, its buttons, its electronic policy."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from libs.messages.base import Cause
from libs.messages.kinds.proposal import CargoPolicyForm
from libs.service.sessions import Session
from services.portal.api.shapes import Actions
from services.portal.e_policy import Page, page_of
from services.portal.history import Json, Pairs
from services.portal.parts import Parts, may_read
from services.portal.permissions import buttons
from services.portal.problems import Problem, json_response

POLICY = "cargo-policy"
Id = Annotated[str, Path(pattern=r"^[0-9A-Za-z._-]{1,60}$", description="单证编号")]
Kind = Annotated[str, Path(pattern=r"^[a-z-]{1,40}$", description="单证类型, e.g. cargo-proposal")]
_KEYS = """The manual's query keys: `id`, `status` (codes with commas between), `insurer`, `bank`,
`agreementNo`, `policyNo`, `proposalId`, `product`, `business`, `from` and `to` (dates in Beijing),
each where its list has it; `page` from 1 and `size` up to 100. A wrong key is answered with those
that there are."""


def router(parts: Parts) -> APIRouter:
    """The endpoints."""
    routes = APIRouter(prefix="/api/documents", tags=["documents"])
    logged_in = Depends(parts.session)

    @routes.get("/{kind}", summary="Find documents", description=_KEYS)
    async def search(request: Request, kind: Kind, session: Session = logged_in) -> Response:
        may_read(session, kind)
        query = request.query_params.multi_items()
        found = await parts.history.get(session.party, f"/documents/{kind}", query)
        return json_response(_with_buttons(found, kind, session))

    @routes.get("/{kind}/{id}", summary="A document, as it is or as it was")
    async def document(
        kind: Kind,
        id: Id,
        as_of: Annotated[str | None, Query(description="a time, 2026-11-23T08:00:00Z")] = None,
        session: Session = logged_in,
    ) -> Response:
        query = (("as_of", as_of),) if as_of is not None else ()
        return json_response(await _document(parts, session, kind, id, query))

    @routes.get("/{kind}/{id}/status-records", summary="状态记录")
    async def status_records(kind: Kind, id: Id, session: Session = logged_in) -> Response:
        may_read(session, kind)
        path = f"/documents/{kind}/{id}/status-records"
        return json_response(await parts.history.get(session.party, path))

    @routes.get("/{kind}/{id}/actions", summary="What may be done to a document now")
    async def actions(kind: Kind, id: Id, session: Session = logged_in) -> Actions:
        found = await _document(parts, session, kind, id)
        status = str(found["status"])
        return Actions.model_validate(
            {
                "kind": kind,
                "id": id,
                "status": status,
                "statusName": found["statusName"],
                "actions": [asdict(button) for button in buttons(kind, status, session.role)],
            }
        )

    @routes.get(f"/{POLICY}/{{id}}/e-policy.pdf", summary="电子保单", response_class=Response)
    async def e_policy(id: Id, session: Session = logged_in) -> Response:
        page = await _policy_page(parts, session, id)
        name = quote(f"保单-{page['policyNo']}.pdf")
        return Response(
            await parts.printer.pdf(page),
            media_type="application/pdf",
            headers={
                "Content-Disposition": f"inline; filename*=UTF-8''{name}",
                "Cache-Control": "private, no-cache",
            },
        )

    return routes


async def _document(parts: Parts, session: Session, kind: str, id: str, query: Pairs = ()) -> Json:
    may_read(session, kind)
    return await parts.history.get(session.party, f"/documents/{kind}/{id}", query)


async def _policy_page(parts: Parts, session: Session, id: str) -> Page:
    found = await _document(parts, session, POLICY, id)
    told = await parts.history.get(session.party, f"/documents/{POLICY}/{id}/status-records")
    records = told["records"]
    assert isinstance(records, list)  # noqa: S101 - history's answer
    issued = [row for row in records if row["cause"]["kind"] == "CargoPolicyIssued"]
    if not issued:
        raise Problem("NOT_FOUND")
    form = CargoPolicyForm.model_validate(found["form"])
    cause = Cause.model_validate(issued[-1]["cause"])
    return page_of(form, cause, datetime.fromisoformat(issued[-1]["at"]))


def _with_buttons(found: Json, kind: str, session: Session) -> Json:
    rows = found["rows"]
    assert isinstance(rows, list)  # noqa: S101 - history's answer
    for row in rows:
        row["actions"] = [asdict(button) for button in buttons(kind, row["status"], session.role)]
    found["newActions"] = [asdict(button) for button in buttons(kind, None, session.role)]
    return found
