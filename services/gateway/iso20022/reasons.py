"""Banks' reasons: ISO codes of rejections ↔ the RJ codes of the national clearing system.

The pairs are our own proposal; names of RJ codes: second-generation payment system.
"""

NO_ORIGINAL = "NOOR"  # the bank has never seen the collection that is asked about

RJ_NAMES = {
    "RJ01": "账号不存在",
    "RJ02": "账号户名不符",
    "RJ03": "余额不足",
    "RJ04": "超过当日累计限额",
    "RJ05": "业务检查错",
    "RJ06": "指定协议不存在",
    "RJ07": "超过协议授权范围",
    "RJ08": "账户类型非法",
    "RJ09": "退票",
    "RJ90": "其他",
}
_OF_ISO = {
    "AC01": "RJ01",
    "BE01": "RJ02",
    "AM04": "RJ03",
    "AM21": "RJ04",
    "AM02": "RJ07",
    "MD01": "RJ06",
    "AM14": "RJ07",
    "AG01": "RJ07",
    "AC14": "RJ08",
    "NARR": "RJ90",
    NO_ORIGINAL: "RJ05",
}


def national_reason(iso: str | None, detail: str | None) -> tuple[str | None, str | None]:
    """RJ code and Chinese text of a bank's reason; an RJ code of its own is kept."""
    if iso is None:
        return None, detail
    code = iso if iso in RJ_NAMES else _OF_ISO.get(iso, "RJ90")
    name = RJ_NAMES[code]
    return code, name if not detail or detail == name else f"{name}（{detail}）"
