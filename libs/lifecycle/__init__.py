"""Lifecycles: the transition table type, the tables, and what is derived from them."""

from libs.lifecycle.reasons import WRONG_ROLE, WRONG_STATE, Reason, Rejected
from libs.lifecycle.table import Action, Lifecycle, Move, State, Transition, rows

__all__ = [
    "WRONG_ROLE",
    "WRONG_STATE",
    "Action",
    "Lifecycle",
    "Move",
    "Reason",
    "Rejected",
    "State",
    "Transition",
    "rows",
]
