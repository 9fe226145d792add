"""/livez, /readyz and /metrics, from a thread that a stuck event loop cannot stop."""

import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson

from libs.service.health import Progress
from libs.service.metrics import Metrics

Answer = tuple[int, str, bytes]
JSON = "application/json"
_POLL_SECONDS = 0.2
PATHS = ("/livez", "/readyz", "/metrics")


def answer(path: str, progress: Progress, metrics: Metrics) -> Answer:
    """Status, content type and body of a path."""
    if path == "/livez":
        stalled = _stalled(progress, metrics)
        return _json({"alive": not stalled, "stalled_seconds": stalled}, ok=not stalled)
    if path == "/readyz":
        missing = progress.missing()
        return _json({"ready": not missing, "missing": missing}, ok=not missing)
    if path == "/metrics":
        _stalled(progress, metrics)
        return HTTPStatus.OK, metrics.content_type, metrics.text()
    return HTTPStatus.NOT_FOUND, JSON, b'{"paths":["/livez","/readyz","/metrics"]}'


def _stalled(progress: Progress, metrics: Metrics) -> dict[str, float]:
    stalled = progress.stalled()
    for activity in progress.activities():
        metrics.set("stalled", float(activity in stalled), activity)
    return stalled


def _json(value: dict[str, object], *, ok: bool) -> Answer:
    status = HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE
    return status, JSON, orjson.dumps(value)


class HealthServer:
    """Serves the three paths until closed. Raises OSError when the port is taken."""

    def __init__(self, host: str, port: int, progress: Progress, metrics: Metrics) -> None:
        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_GET(self) -> None:
                status, content_type, body = answer(self.path, progress, metrics)
                self.send_response(status)
                self.send_header("content-type", content_type)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Probes come every second; nobody wants to read that."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """A prober that hangs up is no error of ours."""

        self._server = Server((host, port), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="health", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
