"""Banks' reasons: codes of ISO 20022's external sets → the RJ codes of the national system.

Pairs: domain notes 8.1, an own proposal where they leave a choice; names of RJ codes:
second-generation payment system.
"""

RJ_NAMES = {
    "RJ01": "账号不存在",
    "RJ02": "账号户名不符",
    "RJ03": "余额不足",
    "RJ04": "超过当日累计",
    "RJ05": "业务检查错",
    "RJ06": "指定协议不存在",
    "RJ07": "超过协议授权范围",
    "RJ08": "账户类型非法",
    "RJ09": "退票",
    "RJ90": "其他",
}
RJ_OF_ISO = {
    "AC01": "RJ01",  # incorrect account number
    "AC04": "RJ01",  # closed account number
    "BE01": "RJ02",  # inconsistent with end customer
    "AM04": "RJ03",  # insufficient funds
    "AM21": "RJ04",  # limit exceeded (of the day)
    "AM05": "RJ05",  # duplication
    "AM10": "RJ05",  # invalid control sum
    "AM03": "RJ05",  # not allowed currency
    "RC01": "RJ05",  # bank identifier incorrect
    "FF01": "RJ05",  # invalid file format
    "NOOR": "RJ05",  # no original transaction received
    "MD01": "RJ06",  # no mandate
    "AM02": "RJ07",  # amount not allowed: greater than a single transaction may be
    "AM14": "RJ07",  # amount exceeds what was agreed between customer and bank
    "AG01": "RJ07",  # transaction forbidden on this account
    "AC06": "RJ08",  # blocked account
    "AC14": "RJ08",  # invalid account type
    "AC13": "RJ08",  # invalid debtor account type
    "MD06": "RJ09",  # refund requested by the end customer
    "MS03": "RJ90",  # reason not given
    "NARR": "RJ90",  # told in words
}


def national_reason(iso: str | None, detail: str | None) -> tuple[str | None, str | None]:
    """RJ code and Chinese text of a bank's reason; an RJ code of its own is kept."""
    if iso is None:
        return None, detail
    code = iso if iso in RJ_NAMES else RJ_OF_ISO.get(iso, "RJ90")
    name = RJ_NAMES[code]
    return code, name if not detail or detail == name else f"{name}（{detail}）"
