"""Why booking says no."""

from libs.lifecycle import Reason

INSURER_CHANGED = Reason(
    "INSURER_CHANGED",
    "重新发送不能更换保险机构（原为{right}），请新建预约",
    "sending again goes to the same insurer ({right}); open a new booking instead",
)
WRONG_AGREEMENT_ID = Reason(
    "WRONG_AGREEMENT_ID",
    "单证编号应为{right}（保险机构代码.协议编号），实为{wrong}",
    "the document id should be {right} (insurer code.agreement number), is {wrong}",
)
HOLDER_CHANGED = Reason(
    "HOLDER_CHANGED",
    "协议{id}属于另一企业，不能更改投保人",
    "agreement {id} is another company's: its holder cannot change",
)
