"""The transition table type: which move leads from which state to which, and who may make it.

A table is data. Handlers move records with it, the portal draws buttons from it, documentation
draws diagrams from it and tests walk all of state x action x role.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from libs.lifecycle.reasons import WRONG_ROLE, WRONG_STATE, Rejected
from libs.messages.parties import Role

NEW = "∅"  # how diagrams and messages call the absence of a record


@dataclass(frozen=True, slots=True)
class State:
    """One state of a document: `code` as stored and sent, `zh` as companies see it."""

    code: str
    zh: str
    en: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done to a document; `zh` is the button's label where it has one."""

    name: str
    zh: str


@dataclass(frozen=True, slots=True)
class Transition:
    """One row. `frm` None means that the document does not exist yet."""

    frm: State | None
    action: Action
    to: State
    who: frozenset[Role]
    kind: str  # the message kind that carries the move
    sentence: str  # what the status record tells the company, in Chinese


@dataclass(frozen=True, slots=True)
class Move:
    """A permitted move, as `Lifecycle.move` found it."""

    frm: State | None
    action: Action
    to: State
    by: Role
    sentence: str


@dataclass(frozen=True)
class Lifecycle:
    """All states and moves of one document kind."""

    document: str
    title: str
    states: tuple[State, ...]
    transitions: tuple[Transition, ...]

    def move(
        self, status: str | None, action: Action, by: Role, *, to: State | None = None
    ) -> Move:
        """Find the move from `status` (None: no record yet) that `action` by `by` makes.

        `to` chooses among rows that lead to different states. Raises `Rejected` with
        WRONG_STATE or WRONG_ROLE when the table has no such row.
        """
        rows = [
            row for row in self._rows.get((status, action.name), ()) if to is None or row.to == to
        ]
        if not rows:
            raise self._wrong_state(status, action, by)
        for row in rows:
            if by in row.who:
                return Move(row.frm, action, row.to, by, row.sentence)
        raise self._wrong_role(rows, action, by)

    def actions(self, status: str | None, by: Role | None = None) -> tuple[Action, ...]:
        """Actions possible in `status`, in table order, for `by` or for anyone."""
        found = {
            row.action.name: row.action
            for row in self.transitions
            if _code(row.frm) == status and (by is None or by in row.who)
        }
        return tuple(found.values())

    def state(self, code: str) -> State:
        """The state with `code`. Raises KeyError for a code the table does not know."""
        return self._states[code]

    def mermaid(self) -> str:
        """The table as a Mermaid state diagram."""
        lines = ["stateDiagram-v2"]
        lines += [f"    s{s.code}: {s.code} {s.zh}" for s in self.states]
        for row in self.transitions:
            frm = f"s{row.frm.code}" if row.frm else "[*]"
            who = "/".join(sorted(role.zh for role in row.who))
            lines.append(f"    {frm} --> s{row.to.code}: {row.action.zh}（{who}）")
        lines += [f"    s{s.code} --> [*]" for s in self.states if s.final]
        return "\n".join(lines)

    @cached_property
    def _states(self) -> dict[str, State]:
        return {state.code: state for state in self.states}

    @cached_property
    def _rows(self) -> dict[tuple[str | None, str], list[Transition]]:
        rows: dict[tuple[str | None, str], list[Transition]] = {}
        for row in self.transitions:
            rows.setdefault((_code(row.frm), row.action.name), []).append(row)
        return rows

    def _wrong_state(self, status: str | None, action: Action, by: Role) -> Rejected:
        possible = "、".join(a.zh for a in self.actions(status, by)) or "无"
        state = self._states[status].zh if status in self._states else NEW
        return Rejected(
            WRONG_STATE, document=self.title, state=state, action=action.zh, possible=possible
        )

    def _wrong_role(self, rows: list[Transition], action: Action, by: Role) -> Rejected:
        allowed = "、".join(sorted({role.zh for row in rows for role in row.who}))
        return Rejected(WRONG_ROLE, action=action.zh, allowed=allowed, role=by.zh)


def rows(
    frm: Iterable[State | None],
    action: Action,
    to: State,
    who: Iterable[Role],
    kind: str,
    sentence: str,
) -> tuple[Transition, ...]:
    """One transition for each state in `frm`."""
    allowed = frozenset(who)
    return tuple(Transition(state, action, to, allowed, kind, sentence) for state in frm)


def _code(state: State | None) -> str | None:
    return state.code if state else None
