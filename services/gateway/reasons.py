"""Why the gateway says no, and what it adds to a bank's words."""

from libs.lifecycle import Reason

REPLY_TO_NOTHING = Reason(
    "REPLY_TO_NOTHING",
    "没有与之对应的请求：{id}",
    "there is no request {id} that this could answer",
)
FOREIGN_TOPIC = Reason(
    "FOREIGN_TOPIC",
    "{partner}的报文不应出现在主题 {topic}",
    "a message of {partner} does not belong on {topic}",
)
UNKNOWN_PAYMENT = Reason(
    "UNKNOWN_PAYMENT", "没有交费{id}的扣款请求", "there is no collection for payment {id}"
)
UNKNOWN_MANDATE = Reason(
    "UNKNOWN_MANDATE", "没有三方协议{id}的签约请求", "there is no mandate request for {id}"
)
NOT_OF_A_MANDATE = Reason(
    "NOT_OF_A_MANDATE",
    "状态 {status} 不适用于扣款授权请求（应为 RCVD、ACTC、PDNG 或 RJCT）",
    "status {status} says nothing of a mandate request (RCVD, ACTC, PDNG or RJCT)",
)
PARTLY_COLLECTED = Reason(
    "PARTLY_COLLECTED",
    "银行只扣了部分款项，须由单一窗口与银行人工核对",
    "the bank collected only a part: to be cleared by hand",
)
