"""What a page would find at the port: this program, another one, or nobody."""

from collections.abc import Iterator
from enum import Enum, auto

from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException
from websockets.sync.client import connect
from websockets.typing import Origin

from card_signer.door.json_frames import parsed, told
from card_signer.door.own import PATH
from card_signer.door.server import HOST
from card_signer.finding import Finding
from card_signer.troubles import Trouble

_SECONDS = 3.0
_FRAMES_MAX = 10
_NOBODYS = "https://diagnose.invalid"  # an origin that no site has


class Door(Enum):
    """Who answers."""

    OPEN = auto()  # this program, and it lets the site in
    SHUT = auto()  # this program, and it does not
    OTHER = auto()
    NOBODY = auto()


def doors(port: int, origins: frozenset[str]) -> Iterator[Finding]:
    """The port, and for each site that the settings allow whether it really comes in."""
    sites = sorted(origins)
    found = {site: knock(port, site) for site in sites or [_NOBODYS]}
    at_port = next(iter(found.values()))
    yield _port(port, at_port)
    if not sites:
        yield Finding("允许的网站", "", Trouble("NO_SITES"))
    for site in sites:
        yield _site(site, found[site])


def knock(port: int, origin: str) -> Door:
    """Come as a page of `origin` would, and ask for nothing but the cards' status."""
    try:
        with connect(
            f"ws://{HOST}:{port}{PATH}",
            origin=Origin(origin),
            proxy=None,
            compression=None,
            open_timeout=_SECONDS,
            close_timeout=1,
        ) as page:
            page.send(told({"id": 1, "call": "status"}))
            for _ in range(_FRAMES_MAX):
                answer = parsed(page.recv(timeout=_SECONDS))
                if answer.get("id") == 1:
                    return Door.OPEN if "ok" in answer else Door.OTHER
    except ConnectionRefusedError:
        return Door.NOBODY
    except InvalidStatus as refusal:
        return Door.SHUT if refusal.response.body.startswith(b"ORIGIN: ") else Door.OTHER
    except (OSError, EOFError, InvalidHandshake, WebSocketException, Trouble):
        return Door.OTHER
    return Door.OTHER


def _port(port: int, found: Door) -> Finding:
    link = "端口"
    if found is Door.NOBODY:
        return Finding(link, f"{port}：card-signer serve 未运行", Trouble("NOT_SERVING"))
    if found is Door.OTHER:
        return Finding(link, "", Trouble("PORT_TAKEN", port=port))
    return Finding(link, f"{HOST}:{port} 由本程序监听")


def _site(site: str, found: Door) -> Finding:
    link = "允许的网站"
    if found is Door.OPEN:
        return Finding(link, f"{site} 可以进入")
    if found is Door.SHUT:
        return Finding(link, "", Trouble("OTHER_SETTINGS", origin=site))
    return Finding(link, f"{site}（未能核对）", is_checked=False)
