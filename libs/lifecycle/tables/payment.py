"""交费: one collection from a company's account. Source: domain notes 4.9; manual 5.2.3, 5.3.

35 is a state of the notes that needs a refund message, which is not built yet: nothing leads to
it. 重新支付 is a new payment of the same proposals: a failed one stays as it is.
"""

from libs.lifecycle.table import Action, Lifecycle, State, Transition, rows
from libs.messages.parties import Role

SENT = State("30", "待支付", "sent to the bank")
PENDING = State("31", "支付中", "being paid")
PAID = State("32", "支付成功", "paid")
FAILED = State("33", "支付失败", "failed", final=True)
UNKNOWN = State("34", "结果未知", "result unknown")
REFUNDED = State("35", "已退款", "refunded", final=True)

PAY = Action("pay", "在线支付")
ACKNOWLEDGE = Action("acknowledge", "银行处理中")
CONFIRM = Action("confirm", "支付成功")
FAIL = Action("fail", "支付失败")
LOSE_SIGHT = Action("lose-sight", "结果未知")
QUERY = Action("query", "查询结果")

STATES = (SENT, PENDING, PAID, FAILED, UNKNOWN, REFUNDED)

_BANK = (Role.BANK,)
_ANSWER = "CollectionReceipt"
_CLOCK = (Role.SERVICE,)
_UNDECIDED = (SENT, PENDING, UNKNOWN)
_ASKED = "银行尚无最终结果，已再次向银行查询"

_TRANSITIONS: tuple[Transition, ...] = (
    *rows((None,), PAY, SENT, (Role.OPERATOR,), "PayPremium", "支付请求已发往银行"),
    *rows((SENT, UNKNOWN), ACKNOWLEDGE, PENDING, _BANK, _ANSWER, "银行处理中"),
    *rows(_UNDECIDED, CONFIRM, PAID, _BANK, _ANSWER, "银行扣款成功"),
    *rows(_UNDECIDED, FAIL, FAILED, _BANK, _ANSWER, "银行扣款失败，可重新支付"),
    *rows((SENT, PENDING), LOSE_SIGHT, UNKNOWN, _BANK, _ANSWER, "银行暂不能确定支付结果"),
    *rows((SENT,), LOSE_SIGHT, UNKNOWN, _CLOCK, "", "银行未按时答复，已向银行查询结果"),
    *rows((PENDING,), QUERY, PENDING, _CLOCK, "", _ASKED),
    *rows((UNKNOWN,), QUERY, UNKNOWN, _CLOCK, "", _ASKED),
)

PAYMENT = Lifecycle("payment", "交费", STATES, _TRANSITIONS)
