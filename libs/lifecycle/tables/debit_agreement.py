"""在线交费三方协议: company, bank and insurer. Source: domain notes 4.8; manual 4.1.

14 is a state of the notes that no partner of ours uses yet: nothing leads to it.
"""

from libs.lifecycle.table import Action, Lifecycle, State, Transition, rows
from libs.messages.parties import Role

SENT = State("10", "签约请求发送成功", "request sent")
NOT_SENT = State("11", "发送失败", "not sent")
RECEIVED = State("12", "银行已接收", "received by the bank")
NOT_RECEIVED = State("13", "接收失败", "not received by the bank")
CONFIRMING = State("14", "保险公司确认中", "awaiting the insurer")
SIGNED = State("20", "签约成功", "in force")
REFUSED = State("21", "签约失败", "refused")
CANCELLING = State("30", "解约中", "being cancelled")
CANCELLED = State("31", "已解约", "cancelled", final=True)
EXPIRED = State("32", "已过期/暂停", "expired or suspended", final=True)

SIGN = Action("sign", "协议签署")
SIGN_AGAIN = Action("sign-again", "重新签署")
GIVE_UP = Action("give-up", "发送超时")
RECEIVE = Action("receive", "接收")
NOT_RECEIVE = Action("not-receive", "接收失败")
ACCEPT = Action("accept", "签约成功")
REFUSE = Action("refuse", "签约失败")
CANCEL = Action("cancel", "解约")
ACCEPT_CANCEL = Action("accept-cancel", "同意解约")
REFUSE_CANCEL = Action("refuse-cancel", "不同意解约")
EXPIRE = Action("expire", "协议到期")

STATES = (
    *(SENT, NOT_SENT, RECEIVED, NOT_RECEIVED, CONFIRMING, SIGNED, REFUSED),
    *(CANCELLING, CANCELLED, EXPIRED),
)

_LEGAL = (Role.LEGAL_PERSON,)
_BANK = (Role.BANK,)
_CLOCK = (Role.SERVICE,)
_SIGN = "SignDebitAgreement"
_ANSWER = "MandateReceipt"
_AWAITING = (SENT, NOT_SENT)  # an answer after our patience ended is still the bank's answer
_UNDECIDED = (*_AWAITING, RECEIVED)

_TRANSITIONS: tuple[Transition, ...] = (
    *rows((None,), SIGN, SENT, _LEGAL, _SIGN, "签约请求发送成功"),
    *rows(
        (NOT_SENT, NOT_RECEIVED, REFUSED), SIGN_AGAIN, SENT, _LEGAL, _SIGN, "签约请求重新发送成功"
    ),
    *rows((SENT,), GIVE_UP, NOT_SENT, _CLOCK, "", "银行未在规定时间内答复，请重新签署"),
    *rows(_AWAITING, RECEIVE, RECEIVED, _BANK, _ANSWER, "银行已接收签约请求"),
    *rows(_AWAITING, NOT_RECEIVE, NOT_RECEIVED, _BANK, _ANSWER, "银行接收失败，请重新签署"),
    *rows(_UNDECIDED, ACCEPT, SIGNED, _BANK, _ANSWER, "签约成功，可以在线支付"),
    *rows(_UNDECIDED, REFUSE, REFUSED, _BANK, _ANSWER, "签约失败，请修改后重新签署"),
    *rows((SIGNED,), CANCEL, CANCELLING, _LEGAL, "CancelDebitAgreement", "解约请求已发往银行"),
    *rows((CANCELLING,), ACCEPT_CANCEL, CANCELLED, _BANK, _ANSWER, "协议已解约"),
    *rows((CANCELLING,), REFUSE_CANCEL, SIGNED, _BANK, _ANSWER, "银行不同意解约，协议仍有效"),
    *rows((SIGNED,), EXPIRE, EXPIRED, _CLOCK, "", "协议已过有效期"),
)

DEBIT_AGREEMENT = Lifecycle("debit-agreement", "在线交费三方协议", STATES, _TRANSITIONS)
