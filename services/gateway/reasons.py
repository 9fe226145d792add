"""Why the gateway says no."""

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
