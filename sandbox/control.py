"""Control over HTTP, on this machine only: readiness and behaviour."""

from collections.abc import Callable, Sequence

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.behaviour import Behaviour, Steering
from sandbox.logs import say


def app(ready: Callable[[], bool], steering: Steering, more: Sequence[Route] = ()) -> Starlette:
    """The control application; a bank adds routes of its own."""

    async def readyz(_: Request) -> Response:
        return JSONResponse({"ready": ready()}, status_code=200 if ready() else 503)

    async def get_behaviour(_: Request) -> Response:
        return JSONResponse(steering.now.model_dump())

    async def put_behaviour(request: Request) -> Response:
        try:
            steering.now = Behaviour.model_validate_json(await request.body())
        except ValidationError as error:
            return wrong(error)
        say("behaviour changed", **steering.now.model_dump())
        return JSONResponse(steering.now.model_dump())

    return Starlette(
        routes=[
            Route("/readyz", readyz),
            Route("/behaviour", get_behaviour),
            Route("/behaviour", put_behaviour, methods=["PUT"]),
            *more,
        ]
    )


def wrong(error: ValidationError) -> Response:
    """400, with every wrong field and why."""
    faults = [
        {"field": ".".join(map(str, row["loc"])), "problem": row["msg"]}
        for row in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    return JSONResponse({"error": "the body cannot be used", "faults": faults}, status_code=400)
