"""What the portal asks of history: always for one company, named in a pass that we sign."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

import httpx
import orjson

from libs.signing import Signer
from libs.signing.proofs import issue_pass
from services.portal.problems import Problem

Json = dict[str, object]
Pairs = Sequence[tuple[str, str]]

READ_HISTORY = "read-history"
_PASS_SECONDS = 120
_PASS_SPARE_SECONDS = 30
_PASSES_MAX = 10_000
_ANSWER_SECONDS = 10.0
_SILENCE_SECONDS = 70.0  # history shows that it lives more often than that
_LIMITS = httpx.Limits(max_connections=5_000, max_keepalive_connections=50)  # a stream holds one


class Answered(Exception):
    """History says no; its answer is already in the form that companies get."""

    def __init__(self, status: int, body: Json) -> None:
        self.status = status
        self.body = body
        super().__init__(str(status))


@dataclass
class History:
    """History's read API."""

    client: httpx.AsyncClient
    signer: Signer
    _passes: dict[str, tuple[str, float]] = field(default_factory=dict)

    @classmethod
    def at(cls, url: str, signer: Signer) -> "History":
        """The read API at `url`."""
        client = httpx.AsyncClient(base_url=url, timeout=_ANSWER_SECONDS, limits=_LIMITS)
        return cls(client, signer)

    async def get(self, owner: str, path: str, query: Pairs = ()) -> Json:
        """An answer about `owner`. Raises Answered (4xx, 503), Problem HISTORY_AWAY."""
        try:
            response = await self.client.get(
                path, params=httpx.QueryParams(tuple(query)), headers=self._headers(owner)
            )
        except httpx.TransportError:
            raise Problem("HISTORY_AWAY") from None
        return _read(response.status_code, response.content)

    async def changes(self, owner: str, after: str | None) -> "Stream":
        """Server-sent events about `owner`. Raises as `get` does."""
        params = {"after": after} if after is not None else {}
        request = self.client.build_request(
            "GET",
            "/changes",
            params=params,
            headers=self._headers(owner),
            timeout=httpx.Timeout(_ANSWER_SECONDS, read=_SILENCE_SECONDS),
        )
        try:
            response = await self.client.send(request, stream=True)
            if response.status_code != httpx.codes.OK:
                _read(response.status_code, await response.aread())
        except httpx.TransportError:
            raise Problem("HISTORY_AWAY") from None
        return Stream(response)

    def _headers(self, owner: str) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._pass(owner)}"}

    def _pass(self, owner: str) -> str:
        now = time.time()
        text, until = self._passes.get(owner, ("", 0.0))
        if until - _PASS_SPARE_SECONDS < now:
            issued = int(now)
            until = issued + _PASS_SECONDS
            claims = {
                "purpose": READ_HISTORY,
                "owner": owner,
                "issuedAt": issued,
                "expiresAt": until,
            }
            text = issue_pass(claims, self.signer)
            if len(self._passes) >= _PASSES_MAX:
                self._passes.clear()
            self._passes[owner] = text, until
        return text


def _read(status: int, content: bytes) -> Json:
    try:
        body: Json = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise Problem("HISTORY_AWAY") from None
    if status == httpx.codes.OK:
        return body
    if status == httpx.codes.UNAUTHORIZED:  # our own key is not trusted: not the company's fault
        raise Problem("HISTORY_AWAY", "history does not accept the portal's key")
    raise Answered(status, body)


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer that goes on; it holds a connection until it is closed."""

    response: httpx.Response

    async def blocks(self) -> AsyncIterator[bytes]:
        """The events, whole, until the stream ends or breaks."""
        block: list[str] = []
        try:
            async for line in self.response.aiter_lines():
                block.append(line)
                if not line:
                    yield "\n".join((*block, "")).encode()
                    block = []
        except httpx.TransportError:
            return

    async def close(self) -> None:
        """Give the connection back."""
        await self.response.aclose()
