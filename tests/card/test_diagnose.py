"""`diagnose`: each link that is broken is named, with what to do; a whole chain has none."""

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509

from card_signer.clock import LINK as CLOCK
from card_signer.clock import clock
from card_signer.desk import Desk
from card_signer.diagnose import diagnose
from card_signer.door.probe import Door, doors, knock
from card_signer.doors import serve
from card_signer.finding import Finding
from card_signer.settings import Settings
from card_signer.trust import Trust
from libs.messages.parties import Role
from libs.signing.pki import Authority, Issued, Subject
from tests.card.conftest import OPERATOR, SITE, Drawer, Someone
from tests.card.program import Program

OTHER_SITE = "https://other.example"


@pytest.fixture(scope="module")
def issued(authority: Authority) -> Issued:
    return authority.issue(OPERATOR)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def broken(findings: Iterator[Finding]) -> dict[str, str]:
    """Link → code, of those in trouble."""
    return {each.link: each.trouble.code for each in findings if each.trouble}


# cards


def links(desk: Desk) -> dict[str, str]:
    found = broken(diagnose(desk, Settings(port=free_port())))
    assert (found.pop("端口"), found.pop("允许的网站")) == ("NOT_SERVING", "NO_SITES")
    return found


def test_a_good_card_has_no_broken_link(desk: Desk) -> None:
    assert links(desk) == {}


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda drawer: setattr(drawer, "trouble", "NO_SERVICE"), {"智能卡服务": "NO_SERVICE"}),
        (lambda drawer: drawer.chips.clear(), {"读卡器": "NO_READER"}),
        (lambda drawer: drawer.chips.update(one=None), {"卡": "NO_CARD"}),
        (lambda drawer: setattr(drawer.chips["one"], "tries", 0), {"密码": "PIN_LOCKED"}),
    ],
)
def test_the_link_that_is_broken_is_named(
    desk: Desk, drawer: Drawer, spoil: Callable[[Drawer], None], found: dict[str, str]
) -> None:
    spoil(drawer)
    assert links(desk) == found


def test_a_certificate_that_no_longer_counts_or_soon_will_not_is_told(
    desk: Desk, authority: Authority, issued: Issued, tmp_path: Path
) -> None:
    ends, day = issued.certificate.not_valid_after_utc, timedelta(days=1)
    desk.now = lambda: ends + day
    assert links(desk) == {"证书": "EXPIRED"}
    desk.now = lambda: ends - 29 * day
    told = [each.told for each in diagnose(desk, Settings(port=free_port())) if each.link == "证书"]
    assert told == ["证书还有29天过期，请及时换证"]
    desk.now = lambda: datetime.now(UTC)
    (tmp_path / "ca.pem").write_bytes(authority.issued.certificate_pem())
    (tmp_path / "crl").write_bytes(authority.revocations([issued.certificate]))
    desk.trust = Trust(tmp_path / "ca.pem", tmp_path / "crl")
    assert links(desk) == {"证书": "REVOKED"}
    desk.trust = Trust(tmp_path / "missing.pem")
    assert links(desk) == {"证书": "TRUST_FILES"}


# the port and the sites


@asynccontextmanager
async def served(desk: Desk, state: Path) -> AsyncIterator[int]:
    settings = Settings(origins=frozenset({SITE}), port=0, state=state)
    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(desk, settings, ready.set_result, stop))
    try:
        yield await ready
    finally:
        stop.set()
        await serving


async def test_our_own_door_is_known_and_which_sites_it_lets_in(
    desk: Desk, someone: Someone, tmp_path: Path
) -> None:
    async with served(desk, tmp_path) as port:
        found = await asyncio.to_thread(list, doors(port, frozenset({SITE, OTHER_SITE})))
        nobodys = await asyncio.to_thread(list, doors(port, frozenset()))
    assert broken(iter(found)) == {"允许的网站": "OTHER_SETTINGS"}
    assert [each.told for each in found][::2] == [
        f"127.0.0.1:{port} 由本程序监听",
        f"{SITE} 可以进入",
    ]
    assert found[1].trouble
    assert OTHER_SITE in found[1].trouble.zh
    assert broken(iter(nobodys)) == {"允许的网站": "NO_SITES"}
    assert not someone.asked


def test_nobody_at_the_port_is_told() -> None:
    found = list(doors(free_port(), frozenset({SITE})))
    assert broken(iter(found)) == {"端口": "NOT_SERVING"}
    assert not found[1].is_checked


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """Another program: reads what comes, says the same each time, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def work() -> None:
            while True:
                try:
                    line, _ = server.accept()
                except OSError:
                    return
                with line:
                    line.recv(4096)
                    line.sendall(answer)

        thread = threading.Thread(target=work)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00\xff garbage",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nforbidden",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ],
)
def test_another_program_at_the_port_is_told(answer: bytes) -> None:
    with answering(answer) as port:
        assert knock(port, SITE) is Door.OTHER
        found = list(doors(port, frozenset({SITE})))
    assert broken(iter(found)) == {"端口": "PORT_TAKEN"}


# the clock


@dataclass
class Site:
    """An HTTPS server of the tests' authority, whose clock is `off`."""

    authority: Authority
    off: timedelta = timedelta()
    is_dated: bool = True
    since: datetime | None = None  # its certificate is valid

    @contextmanager
    def open(self, folder: Path) -> Iterator[str]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.send_response_only(200)
                if site.is_dated:
                    at = datetime.now(UTC) + site.off
                    self.send_header("Date", format_datetime(at, usegmt=True))
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        subject = Subject(Role.SERVICE, "SITE", "site")
        tls = self.authority.issue(subject, since=self.since, server=[x509.DNSName("localhost")])
        tls.save(folder / "tls.key", folder / "tls.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "tls.pem", folder / "tls.key")
        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            server.socket = context.wrap_socket(server.socket, server_side=True)
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield f"https://localhost:{server.server_port}"
            finally:
                server.shutdown()
                thread.join()


@pytest.fixture
def site(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    (tmp_path / "roots.pem").write_bytes(authority.issued.certificate_pem())
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "roots.pem"))
    return Site(authority)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize(("minutes", "is_off"), [(0, False), (4, False), (6, True), (-90, True)])
def test_a_clock_that_is_off_is_told_by_how_much(
    site: Site, tmp_path: Path, minutes: int, is_off: bool
) -> None:
    site.off = timedelta(minutes=minutes)
    with site.open(tmp_path) as origin:
        found = clock(origin, now)
    assert found.is_checked
    if is_off:
        assert found.trouble
        assert (
            found.trouble.code,
            int(str(found.trouble.told["minutes"])) + 1 >= abs(minutes),
        ) == (
            "CLOCK",
            True,
        )
    else:
        assert found.trouble is None


def test_a_site_without_a_date_or_out_of_reach_says_nothing_of_the_clock(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.is_dated = False
    with site.open(tmp_path) as origin:
        assert not clock(origin, now).is_checked
        monkeypatch.delenv("SSL_CERT_FILE")
        assert not clock(origin, now).is_checked  # its certificate is nobody's here
    for origin in (f"https://localhost:{free_port()}", "https://no-such-site.invalid"):
        found = clock(origin, now)
        assert (found.is_checked, found.trouble) == (False, None)
        assert origin in found.told


def test_a_clock_by_which_the_sites_certificate_is_not_valid_is_hinted_at(
    site: Site, tmp_path: Path
) -> None:
    """As when the battery of the clock is empty: then no site can be asked."""
    site.since = now() + timedelta(days=1)
    with site.open(tmp_path) as origin:
        found = clock(origin, now)
    assert not found.is_checked
    assert "电脑时间" in found.told


def test_a_site_that_never_answers_is_given_up_in_three_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        before = now()
        found = clock(f"https://localhost:{silent.getsockname()[1]}", now)
        assert timedelta(seconds=2) < now() - before < timedelta(seconds=6)
    assert not found.is_checked


def test_without_a_site_there_is_nothing_to_set_the_clock_by(desk: Desk) -> None:
    (found,) = (each for each in diagnose(desk, Settings(port=free_port())) if each.link == CLOCK)
    assert (found.is_checked, found.trouble) == (False, None)


# the command


def test_the_command_tells_each_link_of_a_software_card_and_what_to_do(
    tmp_path: Path, authority: Authority
) -> None:
    program = Program(tmp_path, {"port": str(free_port())})
    assert "NO_READER" in program.run("diagnose").stdout
    program.software_card(authority.issue(OPERATOR))
    done = program.run("diagnose")
    assert done.returncode == 1
    for told in (
        "✓ 读卡器",
        "✓ 卡：",
        "李晓明",
        "✓ 密码：不计次数",
        "✓ 证书：有效",
        "？ 颁发机构与吊销：未设置",
        "NOT_SERVING",
        "请运行 card-signer serve",
        "NO_SITES",
    ):
        assert told in done.stdout


def test_the_command_and_info_name_a_revoked_and_an_expiring_card(
    tmp_path: Path, authority: Authority
) -> None:
    program = Program(tmp_path, {"port": str(free_port())})
    card = authority.issue(OPERATOR, days=20)
    program.software_card(card)
    assert "证书还有19天过期" in program.run("diagnose").stdout
    done = program.run("info")
    assert (done.returncode, "证书还有19天过期" in done.stderr) == (0, True)
    (tmp_path / "ca.pem").write_bytes(authority.issued.certificate_pem())
    (tmp_path / "crl").write_bytes(authority.revocations([card.certificate]))
    program.settings.update(trust=str(tmp_path / "ca.pem"), revocations=str(tmp_path / "crl"))
    done = program.run("info")
    assert done.returncode == 1
    assert "证书已被吊销" in done.stderr
    assert "李晓明" in done.stdout
    assert "✗ 证书：证书已被吊销（REVOKED）" in program.run("diagnose").stdout
    del program.settings["trust"]
    assert "revocations" in program.run("diagnose").stderr
