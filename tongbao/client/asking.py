"""Asking over HTTP: answers, or errors that say what the portal said."""

from collections.abc import Mapping
from typing import Any

import httpx

Document = dict[str, Any]  # JSON as the portal's OpenAPI tells it


class PortalError(Exception):
    """The portal refused: `code`, sentences and wrong fields as it told them."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(body.get("code", "HTTP"))
        self.message = str(body.get("message", ""))
        self.errors: list[dict[str, str]] = list(body.get("errors", []))
        wrong = "；".join(
            f"{row['label']}（{row['path']}）：{row['problem']}" for row in self.errors
        )
        told = " ".join(part for part in (self.message, body.get("detail"), wrong) if part)
        super().__init__(f"{status} {self.code}: {told}")


class PortalAway(Exception):
    """Nothing answers at the portal's address."""


async def ask(http: httpx.AsyncClient, method: str, path: str, **options: Any) -> Document:
    """A JSON answer. Raises PortalError, PortalAway."""
    answer: Document = (await request(http, method, path, **options)).json()
    return answer


async def request(
    http: httpx.AsyncClient, method: str, path: str, **options: Any
) -> httpx.Response:
    """An answer. Raises PortalError, PortalAway."""
    try:
        response = await http.request(method, path, **options)
    except httpx.TransportError as error:
        raise PortalAway(f"{http.base_url}: {type(error).__name__} {error}") from None
    if response.is_error:
        raise error_of(response)
    return response


def error_of(response: httpx.Response) -> PortalError:
    """What a refusal says."""
    try:
        body = response.json()
    except ValueError:
        body = {}
    return PortalError(response.status_code, body if isinstance(body, dict) else {})
