"""货运险预约: a company asks an insurer for an open cover. Source: domain notes 4.1; manual 5.1."""

from libs.lifecycle.table import Action, Lifecycle, State, Transition, rows
from libs.messages.parties import Role

SENT = State("10", "已发送", "sent to the insurer")
NOT_RECEIVED = State("11", "接收失败", "not received by the insurer")
RECEIVED = State("12", "保险公司已接收", "received by the insurer")
ACCEPTED = State("20", "预约成功", "accepted", final=True)
DECLINED = State("21", "预约失败", "declined", final=True)

SUBMIT = Action("submit", "预约")
RESEND = Action("resend", "重新发送")
GIVE_UP = Action("give-up", "接收超时")
RECEIVE = Action("receive", "接收")
ACCEPT = Action("accept", "同意预约")
DECLINE = Action("decline", "不予预约")

_OPERATOR = (Role.OPERATOR,)
_INSURER = (Role.INSURER,)
# an answer after our patience ended is still the insurer's answer
_AWAITING = (SENT, NOT_RECEIVED)

_TRANSITIONS: tuple[Transition, ...] = (
    *rows((None,), SUBMIT, SENT, _OPERATOR, "SubmitBooking", "预约数据已发往保险公司"),
    *rows((NOT_RECEIVED,), RESEND, SENT, _OPERATOR, "SubmitBooking", "预约数据已重新发往保险公司"),
    *rows(
        (SENT,),
        GIVE_UP,
        NOT_RECEIVED,
        (Role.SERVICE,),
        "",
        "保险公司未按时接收，请重新发送",
    ),
    *rows(_AWAITING, RECEIVE, RECEIVED, _INSURER, "BookingReceipt", "保险公司已接收预约申请"),
    *rows(
        (*_AWAITING, RECEIVED),
        ACCEPT,
        ACCEPTED,
        _INSURER,
        "BookingReceipt",
        "预约成功，请与保险公司线下签署货运险协议",
    ),
    *rows((*_AWAITING, RECEIVED), DECLINE, DECLINED, _INSURER, "BookingReceipt", "预约失败"),
)

BOOKING = Lifecycle(
    "booking", "货运险预约", (SENT, NOT_RECEIVED, RECEIVED, ACCEPTED, DECLINED), _TRANSITIONS
)
