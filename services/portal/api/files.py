"""Code tables and attachments."""

import asyncio
from dataclasses import asdict

from fastapi import APIRouter, Depends, Request, Response

from libs.messages.codes import TABLES
from libs.service.sessions import Session
from services.portal.api.shapes import StoredFile
from services.portal.attachments import BYTES_MAX
from services.portal.parts import Parts, body_of
from services.portal.problems import Problem, json_response

_UPLOAD = {
    "requestBody": {
        "required": True,
        "description": "The file itself, up to 4 MB; content-type says what it is.",
        "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def router(parts: Parts) -> APIRouter:
    """The endpoints."""
    routes = APIRouter(prefix="/api", tags=["codes and files"])
    logged_in, with_card = Depends(parts.session), Depends(parts.with_card)

    @routes.get("/codes", summary="The code tables there are", dependencies=[logged_in])
    async def code_tables() -> list[dict[str, str]]:
        return [
            {"name": row.name, "title": row.title, "source": row.source} for row in TABLES.values()
        ]

    @routes.get("/codes/{table}", summary="A code table", dependencies=[logged_in])
    async def codes(table: str) -> Response:
        found = TABLES.get(table)
        if found is None:
            raise Problem("NOT_FOUND", f"没有代码表“{table[:40]}”")
        rows = await asyncio.to_thread(lambda: found.rows)
        listed = [{"code": code, "name": name} for code, name in rows.items()]
        return json_response({"name": found.name, "title": found.title, "rows": listed})

    @routes.post(
        "/attachments",
        status_code=201,
        response_model=StoredFile,
        summary="Upload a file",
        openapi_extra=_UPLOAD,
    )
    async def upload(request: Request, session: Session = with_card) -> Response:
        data = await body_of(request, BYTES_MAX)
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        kept = await parts.attachments.keep(session.party, media_type, data)
        return json_response(StoredFile(**asdict(kept)).model_dump(by_alias=True), 201)

    @routes.get("/attachments/{sha256}", summary="A file of the company", response_class=Response)
    async def download(sha256: str, session: Session = logged_in) -> Response:
        found = await parts.attachments.find(session.party, sha256)
        if found is None:
            raise Problem("NOT_FOUND")
        media_type, data = found
        headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
        return Response(data, media_type=media_type, headers=headers)

    return routes
