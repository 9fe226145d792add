"""A process beside a service that verifies and decodes what comes, and signs what goes, in batches.

Signatures and decoding are more than a third of what a message costs a service, and need nothing of
it but the trust files and its key. A backlog is worked off quicker when another core does that. The
process is forked before the service has threads, shares its memory, and ends when the service does,
however that ends.
"""

import gc
import os
import pickle
import signal
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from multiprocessing import Pipe
from multiprocessing.connection import Connection as Channel
from time import monotonic
from typing import Any, NamedTuple

from libs.messages.base import Message
from libs.messages.envelope import Envelope
from libs.messages.registry import Kind
from libs.service.examining import Examined, Examiner, Skipped
from libs.service.incoming import Accepted, Dead, Incoming
from libs.service.outgoing import Paper, sign_all
from libs.signing import Identity, Signer, SignerError, Verdict

_NOWHERE = Incoming(
    "", 0, 0, datetime.min.replace(tzinfo=UTC), None, (), b""
)  # the service has the real one


class NotaryLost(Exception):
    """The process is gone; its work is to be done here."""


class _Taken(NamedTuple):
    """Of an accepted message what the service has not, in a form that travels."""

    envelope: Envelope
    ce_type: str
    message: Message
    verdict: Verdict
    signer: Identity


_Told = _Taken | Dead | None  # None: of a kind that the service does not act on


@dataclass(frozen=True)
class Notary:
    """The service's end. Calls from several threads wait for each other."""

    channel: Channel
    kinds: Mapping[str, Kind]
    pid: int
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def fork(cls, examiner: Examiner, signer: Signer, refresh_seconds: float) -> "Notary":
        """Start the process. Only while this one has a single thread."""
        ours, theirs = Pipe()
        pid = os.fork()
        if pid == 0:
            ours.close()
            _live(theirs, _Desk(examiner, signer, refresh_seconds))
        theirs.close()
        return cls(ours, examiner.kinds, pid)

    def examine_all(self, batch: Sequence[Incoming]) -> list[Examined]:
        """As the examiner's, by the other process. Blocks. Raises NotaryLost."""
        told: list[_Told] = self._ask("examine", batch)
        return [self._examined(source, one) for source, one in zip(batch, told, strict=True)]

    def sign_all(self, papers: Sequence[Paper]) -> list[bytes]:
        """As `signing.sign_all`, by the other process. Blocks. Raises NotaryLost."""
        signed: list[bytes] = self._ask("sign", papers)
        return signed

    def _ask(self, what: str, about: object) -> Any:
        with self._turn:
            try:
                self.channel.send_bytes(pickle.dumps((what, about), pickle.HIGHEST_PROTOCOL))
                answer = self.channel.recv_bytes()
            except (OSError, EOFError):
                raise NotaryLost(f"process {self.pid} is gone") from None
        return pickle.loads(answer)  # noqa: S301 - our own process wrote it

    @staticmethod
    def end(notaries: Iterable["Notary"]) -> None:
        """Let these end, and wait until they have."""
        chosen = list(notaries)
        for notary in chosen:  # all first: a younger one has the elder's end open as well
            notary.channel.close()
        for notary in chosen:
            with suppress(ChildProcessError):
                os.waitpid(notary.pid, 0)

    def _examined(self, source: Incoming, told: _Told) -> Examined:
        if told is None:
            return Skipped(source)
        if isinstance(told, Dead):
            return replace(told, source=source)
        kind = self.kinds[told.ce_type]
        return Accepted(source, told.envelope, kind, told.message, told.verdict, told.signer)


def _live(channel: Channel, desk: "_Desk") -> None:
    """The other process, for as long as the service has its end open. Never returns."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C; the service ends first
    gc.freeze()
    gc.disable()  # a batch has no cycles
    code = 0
    try:
        while True:
            what, about = pickle.loads(channel.recv_bytes())  # noqa: S301 - our own process wrote it
            answer = desk.examine(about) if what == "examine" else desk.sign(about)
            channel.send_bytes(pickle.dumps(answer, pickle.HIGHEST_PROTOCOL))
    except (EOFError, OSError):
        pass
    except BaseException:  # noqa: BLE001 - the service sees that it is gone, and does the work
        code = 1
    os._exit(code)


@dataclass
class _Desk:
    examiner: Examiner
    signer: Signer
    refresh_seconds: float
    looked_at: float = 0.0

    def examine(self, batch: Sequence[Incoming]) -> list[_Told]:
        if monotonic() - self.looked_at >= self.refresh_seconds:
            self.looked_at = monotonic()
            with suppress(
                SignerError
            ):  # half-written: the old ones stay in force; the service tells
                self.examiner.trust.refresh()
        return [_told(found) for found in self.examiner.examine_all(batch)]

    def sign(self, papers: Sequence[Paper]) -> list[bytes]:
        return sign_all(papers, self.signer)


def _told(found: Examined) -> _Told:
    if isinstance(found, Accepted):
        ce_type = found.kind.ce_type
        return _Taken(found.envelope, ce_type, found.message, found.verdict, found.signer)
    return replace(found, source=_NOWHERE) if isinstance(found, Dead) else None
