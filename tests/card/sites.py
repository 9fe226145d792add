"""Web sites of the tests: the pages of `pages/`, each site on a port and so of its own origin."""

import http.server
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cryptography import x509

from libs.messages.parties import Role
from libs.signing.pki import Authority, Subject

PAGES = Path(__file__).parent / "pages"


class _Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Site:
    """One origin."""

    port: int
    scheme: str = "http"
    name: str = "localhost"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.name}:{self.port}"

    def page(self, name: str, door: int, host: str = "127.0.0.1") -> str:
        return f"{self.origin}/{name}?door={door}&host={host}"


@dataclass(frozen=True)
class Sites:
    """Whom the tests visit; all of them are on this machine."""

    ours: Site  # is allowed
    foreign: Site  # is not
    https: Site  # as a browser sees a site of the internet
    plain: Site  # the same without TLS


@contextmanager
def served(folder: Path) -> Iterator[Sites]:
    """Serve all of them; certificates go to `folder`."""
    issued = Authority.create().issue(
        Subject(Role.SERVICE, "site", "Site"), server=[x509.DNSName("localhost")]
    )
    issued.save(folder / "key.pem", folder / "site.pem")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "site.pem", folder / "key.pem")
    with ExitStack() as stack:
        ours, foreign, https, plain = (
            stack.enter_context(_listening(context)) for context in (None, None, tls, None)
        )
        yield Sites(
            Site(ours), Site(foreign), Site(https, "https"), Site(plain, name="plain.example")
        )


@contextmanager
def _listening(tls: ssl.SSLContext | None) -> Iterator[int]:
    handler = partial(_Handler, directory=str(PAGES))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join(5)
