"""What a batch comes to: everything to write in its one transaction, as data."""

from dataclasses import dataclass, field
from uuid import UUID

from libs.decisions import AnyRecord, Ref, Resend, Timer
from libs.service.deferrals import Deferral
from libs.service.incoming import Accepted, Dead
from libs.service.outbox import Outbound, Waiting
from libs.service.store import Loaded
from libs.service.timers import DueTimer


@dataclass(frozen=True)
class Work:
    """One message to decide: fresh from Kafka, or tried again after a deferral."""

    message: Accepted
    deferral: Deferral | None = None
    is_last_try: bool = False  # it has waited long enough


Item = Work | DueTimer | Dead


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one message, for the log and the metrics."""

    outcome: str  # applied, rejected, deferred, duplicate, dead, withheld
    kind: str
    fields: dict[str, str | int | None]


@dataclass
class Plan:
    """Filled by the fold, written by the store, in this order."""

    inbox: list[Accepted] = field(default_factory=list)
    records: dict[Ref, AnyRecord] = field(default_factory=dict)
    timers: list[Timer] = field(default_factory=list)
    timers_done: list[DueTimer] = field(default_factory=list)
    deferrals: list[Deferral] = field(default_factory=list)
    deferrals_done: list[Deferral] = field(default_factory=list)
    dead: list[Dead] = field(default_factory=list)
    outbox: list[Outbound] = field(default_factory=list)
    rows: list[Waiting] = field(default_factory=list)  # what became of `outbox`
    sent: dict[UUID, Outbound] = field(default_factory=dict)  # those of `outbox` to be kept
    resends: list[Resend] = field(default_factory=list)  # join `outbox` once they are loaded
    lines: list[Line] = field(default_factory=list)
    missing: set[Ref] = field(default_factory=set)  # not loaded: load these and fold again

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (
            self.inbox
            or self.records
            or self.timers
            or self.timers_done
            or self.deferrals
            or self.deferrals_done
            or self.dead
            or self.outbox
        )


@dataclass(frozen=True, slots=True)
class Decided:
    """What items come to, not written yet; `loaded` is what it was decided on."""

    plan: Plan
    loaded: Loaded
