"""Benchmark `card-door`: from a page's call to the signed document, above the card's own time.

The page is a WebSocket client on 127.0.0.1, the user agrees at once, and everything between is the
program as it runs: the door, the reading of the document, the desk, the card layer.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

from websockets.sync.client import connect
from websockets.typing import Origin

from bench.card.benches import stood
from bench.card.stands import PIN, STANDS, Stand
from bench.harness import Figure, NotHere, Result, percentile
from bench.signed import Bench
from card_signer.consent import Question
from card_signer.desk import Desk, Limits
from card_signer.door.own import PATH
from card_signer.doors import serve
from card_signer.pin import Pin
from card_signer.settings import Settings
from libs.messages.partners import XML

_SITE = Origin("https://trade.example")
_ROUNDS, _ASKED = 7, 15  # a connection may send a burst of 200 frames
_ABOVE_MS_MAX = 15.0
_MS = 1000.0


class Agrees:
    """A user who agrees at once."""

    def ask(self, question: Question, seconds: float) -> Pin:
        """As `Consent.ask`."""
        return Pin.typed(PIN)


def door_bench() -> Result:
    """Every kind of card that is here; the value is that of the worst. Raises NotHere."""
    figures: list[Figure] = []
    above: dict[str, float] = {}
    for kind in STANDS:
        try:
            with stood(kind) as (stand, bench):
                own, whole = _measured(stand, bench)
        except NotHere:
            continue
        above[kind] = _MS * (median(whole) - median(own))
        figures += [
            Figure(f"{kind}: round trip, p50", round(_MS * median(whole), 2), "ms"),
            Figure(f"{kind}: round trip, p99", round(_MS * percentile(whole, 0.99), 2), "ms"),
            Figure(f"{kind}: the card's own time, p50", round(_MS * median(own), 2), "ms"),
            Figure(
                f"{kind}: above it, p50", round(above[kind], 2), "ms", _ABOVE_MS_MAX, at_most=True
            ),
        ]
    worst = max(above, key=lambda kind: above[kind])
    load = (
        f"a cargo proposal sent, shown, signed and sent back, {_ROUNDS * _ASKED} times a card; "
        "the card's own time is one signature by bare calls, in turn with it; the desk opens the "
        f"card twice, before the user reads and after; the worst is {worst}"
    )
    value = round(above[worst], 2)
    return Result(
        "card-door", value, "ms", [], _ABOVE_MS_MAX, at_most=True, figures=figures, load=load
    )


def _measured(stand: Stand, bench: Bench) -> tuple[list[float], list[float]]:
    """Seconds of signatures by bare calls, and of round trips through the door."""
    data = bench.kind.codec.encode(bench.message, XML)
    own: list[float] = []
    whole: list[float] = []
    with _serving(Desk([stand.backend], Agrees(), Limits(a_minute=1_000_000))) as port:
        for _ in range(_ROUNDS):
            with connect(f"ws://127.0.0.1:{port}{PATH}", origin=_SITE, compression=None) as page:
                call = {"id": 1, "call": "sign", "document": data.decode()}
                asked = partial(_ask, page.send, page.recv, call)
                asked()  # and the watch has had its look: only one of us is at the card
                own += [_seconds(stand.raw_work(data)) for _ in range(_ASKED)]
                whole += [_seconds(asked) for _ in range(_ASKED)]
    return own, whole


def _ask(
    send: Callable[[str], None], receive: Callable[[], str | bytes], call: dict[str, object]
) -> None:
    send(json.dumps(call))
    while (told := json.loads(receive())).get("id") != call["id"]:  # an event came first
        pass
    if not told["ok"]:
        raise AssertionError(told)


def _seconds(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


@contextmanager
def _serving(desk: Desk) -> Iterator[int]:
    """The door, in a thread of its own as in a program of its own; its port."""
    settings = Settings(origins=frozenset({_SITE}), port=0, state=Path())
    ready = threading.Event()
    ports: list[int] = []
    ends: list[Callable[[], object]] = []

    def told(port: int) -> None:
        ports.append(port)
        ready.set()

    async def run() -> None:
        stop = asyncio.Event()
        ends.append(partial(asyncio.get_running_loop().call_soon_threadsafe, stop.set))
        await serve(desk, settings, told, stop)

    thread = threading.Thread(target=asyncio.run, args=(run(),), name="door")
    thread.start()
    ready.wait()
    try:
        yield ports[0]
    finally:
        ends[0]()
        thread.join()
