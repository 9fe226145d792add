"""The end of the story: did everything arrive, and do the counts agree?"""

from dataclasses import dataclass

from deploy.local.stack import LocalStack
from tongbao.client import Document, PortalError
from tongbao.demo.lags import unread
from tongbao.demo.scenes import Ended, Stage
from tongbao.demo.witness import Witness

_LAG_SECONDS_MAX = 15.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison: what it is about, what was expected, what is."""

    what: str
    expected: str
    found: str

    @property
    def good(self) -> bool:
        """Whether they agree."""
        return self.expected == self.found


@dataclass(frozen=True, slots=True)
class Closed:
    """A document at the end, with its moves."""

    ended: Ended
    document: Document
    records: list[Document]


async def closing(stage: Stage) -> list[Closed]:
    """Every document of the story as history tells it, read with the company's own card."""
    closed: list[Closed] = []
    for company in {ended.company.short: ended.company for ended in stage.ended}.values():
        for kind in ("legal", "operator"):
            async with stage.silent_card(company, kind) as card:
                for ended in [row for row in stage.ended if row.company == company]:
                    try:
                        document = await card.document(ended.kind, ended.id)
                    except PortalError:
                        continue  # the other card's business
                    if ended.id not in {row.ended.id for row in closed}:
                        records = await card.status_records(ended.kind, ended.id)
                        closed.append(Closed(ended, document, records))
    return closed


async def findings(
    stage: Stage, witness: Witness, counts: dict[str, int], closed: list[Closed]
) -> list[Finding]:
    """Every comparison that must hold."""
    rows = [
        Finding(f"messages on {name}: on the broker, verified by the witness", str(count), seen)
        for name, count in sorted(counts.items())
        if (seen := str(witness.counts[name])) or count
    ]
    rows.append(Finding("messages whose signature was not trusted", "0", str(len(witness.refused))))
    rows += [
        Finding(f"state of {row.ended.kind} {row.ended.id}", row.ended.expected, state)
        for row in closed
        if (state := str(row.document["status"]))
    ]
    missing = len(stage.ended) - len(closed)
    rows.append(Finding("documents that history does not know", "0", str(missing)))
    rows += [_records(row, witness) for row in closed]
    return rows + await _lags(stage.stack, witness)


def _records(row: Closed, witness: Witness) -> Finding:
    """History has one status record for each event of the document, without gaps."""
    events = witness.events[row.ended.kind, row.ended.id]
    sequences = [int(record["sequence"]) for record in row.records]
    expected = list(range(1, events + 1))
    return Finding(
        f"status records of {row.ended.kind} {row.ended.id}", f"{expected}", f"{sequences}"
    )


async def _lags(stack: LocalStack, witness: Witness) -> list[Finding]:
    """Nothing published is still unread by a consumer that should read it."""
    waiting = await unread(stack.kafka.bootstrap, await witness.ends(), _LAG_SECONDS_MAX)
    return [
        Finding(f"messages that {name} has not read yet", "0", str(count))
        for name, count in waiting.items()
    ]
