"""A process beside a service that verifies and decodes large batches.

Signatures and decoding are a third of what a message costs a service, and need nothing of it but
the trust files. A backlog is worked off quicker when another core does that. The process is forked
before the service has threads, shares its memory, and ends when the service does, however that
ends.
"""

import gc
import os
import pickle
import signal
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from multiprocessing import Pipe
from multiprocessing.connection import Connection as Channel
from time import monotonic
from typing import NamedTuple

from libs.messages.base import Message
from libs.messages.envelope import Envelope
from libs.messages.registry import Kind
from libs.service.examining import Examined, Examiner, Skipped
from libs.service.incoming import Accepted, Dead, Incoming
from libs.signing import Identity, SignerError, Verdict

_NOWHERE = Incoming(
    "", 0, 0, datetime.min.replace(tzinfo=UTC), None, (), b""
)  # the service has the real one


class VerifierLost(Exception):
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
class Verifier:
    """The service's end. One call at a time."""

    channel: Channel
    kinds: Mapping[str, Kind]
    pid: int

    @classmethod
    def fork(cls, examiner: Examiner, refresh_seconds: float) -> "Verifier":
        """Start the process. Only while this one has a single thread."""
        ours, theirs = Pipe()
        pid = os.fork()
        if pid == 0:
            ours.close()
            _live(theirs, examiner, refresh_seconds)
        theirs.close()
        return cls(ours, examiner.kinds, pid)

    def examine_all(self, batch: Sequence[Incoming]) -> list[Examined]:
        """As the examiner's, by the other process. Blocks. Raises VerifierLost."""
        try:
            self.channel.send_bytes(pickle.dumps(batch, pickle.HIGHEST_PROTOCOL))
            told: list[_Told] = pickle.loads(self.channel.recv_bytes())  # noqa: S301 - it is our own
        except (OSError, EOFError):
            raise VerifierLost(f"process {self.pid} is gone") from None
        return [self._examined(source, one) for source, one in zip(batch, told, strict=True)]

    @staticmethod
    def end(verifiers: Iterable["Verifier"]) -> None:
        """Let these end, and wait until they have."""
        chosen = list(verifiers)
        for verifier in chosen:  # all first: a younger one has the elder's end open as well
            verifier.channel.close()
        for verifier in chosen:
            with suppress(ChildProcessError):
                os.waitpid(verifier.pid, 0)

    def _examined(self, source: Incoming, told: _Told) -> Examined:
        if told is None:
            return Skipped(source)
        if isinstance(told, Dead):
            return replace(told, source=source)
        kind = self.kinds[told.ce_type]
        return Accepted(source, told.envelope, kind, told.message, told.verdict, told.signer)


def _live(channel: Channel, examiner: Examiner, refresh_seconds: float) -> None:
    """The other process, for as long as the service has its end open. Never returns."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C; the service ends first
    gc.freeze()
    gc.disable()  # a batch has no cycles
    code = 0
    try:
        _work(channel, examiner, refresh_seconds)
    except (EOFError, OSError):
        pass
    except BaseException:  # noqa: BLE001 - the service sees that it is gone, and does the work
        code = 1
    os._exit(code)


def _work(channel: Channel, examiner: Examiner, refresh_seconds: float) -> None:
    looked_at = monotonic()
    while True:
        batch = pickle.loads(channel.recv_bytes())  # noqa: S301 - our own process wrote it
        if monotonic() - looked_at >= refresh_seconds:
            looked_at = monotonic()
            _refresh(examiner)
        told = [_told(found) for found in examiner.examine_all(batch)]
        channel.send_bytes(pickle.dumps(told, pickle.HIGHEST_PROTOCOL))


def _refresh(examiner: Examiner) -> None:
    with suppress(SignerError):  # half-written files: the old ones stay in force; the service tells
        examiner.trust.refresh()


def _told(found: Examined) -> _Told:
    if isinstance(found, Accepted):
        ce_type = found.kind.ce_type
        return _Taken(found.envelope, ce_type, found.message, found.verdict, found.signer)
    return replace(found, source=_NOWHERE) if isinstance(found, Dead) else None
