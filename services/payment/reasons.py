"""Why payment says no."""

from libs.lifecycle import Reason

TERMS_NOT_ACCEPTED = Reason(
    "TERMS_NOT_ACCEPTED", "请阅读并勾选“我同意协议条款”", "the terms must be accepted"
)
VALIDITY_PAST = Reason(
    "VALIDITY_PAST", "协议有效期{day}早于今天", "the agreement's last day {day} has passed"
)
AGREEMENT_NO_MISSING = Reason(
    "AGREEMENT_NO_MISSING",
    "签约成功的答复缺少协议编号",
    "an accepted mandate must carry its agreement number",
)
AGREEMENT_NOT_SIGNED = Reason(
    "AGREEMENT_NOT_SIGNED",
    "三方协议{id}当前状态为“{state}”，签约成功后才能支付",
    "debit agreement {id} is in state {state}: it cannot pay",
)
NOTHING_DUE = Reason(
    "NOTHING_DUE",
    "投保单{id}没有待支付的保费",
    "proposal {id} has no premium to pay",
)
PAYEE_DIFFERS = Reason(
    "PAYEE_DIFFERS",
    "投保单{id}的保险机构不是三方协议的收款企业{payee}",
    "proposal {id} is not with {payee}, the payee of the debit agreement",
)
ALREADY_PAYING = Reason(
    "ALREADY_PAYING",
    "投保单{id}正在由交费流水{payment}支付，不能重复支付",
    "proposal {id} is being paid by {payment}",
)
ALREADY_PAID = Reason("ALREADY_PAID", "投保单{id}已缴费", "proposal {id} is paid")
AMOUNT_DIFFERS = Reason(
    "AMOUNT_DIFFERS",
    "投保单{id}应缴保费{right}元，填写为{wrong}元",
    "proposal {id} owes {right} yuan, not {wrong}",
)
WRONG_TOTAL = Reason(
    "WRONG_TOTAL",
    "合计金额{wrong}不等于各投保单保费之和{right}",
    "total {wrong} should be {right}",
)
