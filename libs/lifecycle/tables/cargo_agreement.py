"""货运险协议: the open cover that an insurer pushes. Source: domain notes 4.2; manual 5.1.3."""

from libs.lifecycle.table import Action, Lifecycle, State, Transition, rows
from libs.messages.parties import Role

NOT_YET = State("0", "未生效", "not yet in force")
IN_FORCE = State("1", "有效", "in force")
ENDED = State("2", "无效", "expired or terminated")

PUSH = Action("push", "协议推送")
TAKE_EFFECT = Action("take-effect", "协议生效")
EXPIRE = Action("expire", "协议到期")

STATES = (NOT_YET, IN_FORCE, ENDED)
_SENTENCES = {
    NOT_YET: "保险公司已推送协议，尚未到生效日期",
    IN_FORCE: "保险公司已推送协议，可以投保",
    ENDED: "保险公司已推送协议，协议无效",
}
_CLOCK = (Role.SERVICE,)

_TRANSITIONS: tuple[Transition, ...] = (
    *(  # a push carries the whole agreement: it may lead from anywhere to anywhere
        row
        for to, sentence in _SENTENCES.items()
        for row in rows((None, *STATES), PUSH, to, (Role.INSURER,), "PushCargoAgreement", sentence)
    ),
    *rows((NOT_YET,), TAKE_EFFECT, IN_FORCE, _CLOCK, "", "协议已到生效日期，可以投保"),
    *rows((NOT_YET, IN_FORCE), EXPIRE, ENDED, _CLOCK, "", "协议已过终止日期"),
)

CARGO_AGREEMENT = Lifecycle("cargo-agreement", "货运险协议", STATES, _TRANSITIONS)
