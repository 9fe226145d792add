"""The ASGI application: the routers, and one form for everything that goes wrong."""

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from libs.messages.errors import FieldError
from libs.service.db import ERRORS, cause, is_infrastructure
from libs.service.logs import where
from services.portal.api import documents, files, login, messages, session
from services.portal.api.shapes import Refusal
from services.portal.history import Answered
from services.portal.objects import ObjectsAway
from services.portal.parts import Parts
from services.portal.problems import Problem, json_response

_REFUSALS: dict[int | str, dict[str, object]] = {
    "4XX": {"model": Refusal, "description": "Refused: what is wrong, and where"},
    "503": {"model": Refusal, "description": "A store is away: try again"},
}
_HTTP_CODES = {404: "NOT_FOUND", 405: "METHOD"}
_SENTENCES = {
    "missing": "必填项未填写",
    "extra_forbidden": "未知的字段",
    "json_invalid": "不是格式正确的 JSON",
    "uuid_parsing": "应为 UUID",
}


def application(parts: Parts) -> FastAPI:
    """The portal's API over `parts`."""
    log = parts.log
    app = FastAPI(
        title="Tongbao portal",
        version="1",
        description="HTTP API of the single window's insurance services for trading companies.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        responses=_REFUSALS,
    )
    for part in (login, session, messages, documents, files):
        app.include_router(part.router(parts))

    @app.exception_handler(Problem)
    async def refused(request: Request, problem: Problem) -> Response:
        return problem.response()

    @app.exception_handler(Answered)
    async def answered(request: Request, answer: Answered) -> Response:
        return json_response(answer.body, answer.status)

    @app.exception_handler(ObjectsAway)
    async def objects_away(request: Request, error: ObjectsAway) -> Response:
        log.warning("objects_away", error=str(error)[:200])
        return Problem("OBJECTS_AWAY").response()

    @app.exception_handler(RequestValidationError)
    async def wrong_request(request: Request, error: RequestValidationError) -> Response:
        return Problem("REQUEST", errors=[_field_error(row) for row in error.errors()]).response()

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        return Problem(_HTTP_CODES.get(error.status_code, "REQUEST")).response()

    async def broken(request: Request, error: Exception) -> Response:
        if is_infrastructure(error):
            log.warning("postgresql_failed", error=cause(error))
            return Problem("STORE_AWAY").response()
        log.error("unexpected", error_type=type(error).__name__, where=where(error))
        return Problem("UNEXPECTED").response()

    for kind in ERRORS:
        app.exception_handler(kind)(broken)
    app.exception_handler(Exception)(broken)
    return app


def _field_error(row: dict[str, object]) -> FieldError:
    place = row.get("loc")
    names = place[1:] if isinstance(place, tuple | list) else ()
    path = ".".join(str(name) for name in names) or "body"
    kind = str(row.get("type", ""))
    return FieldError(path, path, _SENTENCES.get(kind, "内容有误"), str(row.get("msg", "")))
