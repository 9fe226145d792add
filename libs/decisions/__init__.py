"""The pure vocabulary of handlers: records, contexts, decisions, the handlers table.

Handlers import this and nothing of the chassis; the chassis (libs/service) carries it out.
"""

from libs.decisions.context import BEIJING, Actor, Context, NotYet
from libs.decisions.decision import NOTHING, Decision, Emit, Forward, Resend, Timer, Wait, moved
from libs.decisions.handlers import Handler, Handlers, TimerHandler
from libs.decisions.records import AnyRecord, AnyRecordType, Record, RecordType, Ref

__all__ = [
    "BEIJING",
    "NOTHING",
    "Actor",
    "AnyRecord",
    "AnyRecordType",
    "Context",
    "Decision",
    "Emit",
    "Forward",
    "Handler",
    "Handlers",
    "NotYet",
    "Record",
    "RecordType",
    "Ref",
    "Resend",
    "Timer",
    "TimerHandler",
    "Wait",
    "moved",
]
