"""The small code tables, with where each comes from."""

from libs.messages.codes.hs import CHAPTERS, SECTIONS
from libs.messages.codes.table import table
from libs.messages.partners import BANKS, INSURERS

OWN = "own proposal"

HS_SECTION = table(
    "hs-section", "货物大类", "Chinese tariff", {code: row[0] for code, row in SECTIONS.items()}
)
HS_CHAPTER = table("hs-chapter", "货物细类", "Chinese tariff", CHAPTERS)
PACKAGE = table(
    "package",
    "货物包装",
    "customs China list of package kinds",
    {
        "00": "散装",
        "01": "裸装",
        "04": "球状罐类",
        "06": "包/袋",
        "22": "纸制或纤维板制盒/箱",
        "23": "木制或竹藤等植物性材料制盒/箱",
        "29": "其他材料制盒/箱",
        "32": "纸制或纤维板制桶",
        "33": "木制或竹藤等植物性材料制桶",
        "39": "其他材料制桶",
        "92": "再生木托",
        "93": "天然木托",
        "98": "植物性铺垫材料",
        "99": "其他包装",
    },
)
TRANSPORT = table(
    "transport",
    "运输方式",
    "customs China list, the modes that forms show",
    {"2": "水路（海运）", "5": "航空", "4": "公路", "3": "铁路", "6": "邮包", "9": "多式联运"},
)
SEA, RAIL, ROAD, AIR, MAIL, MULTIMODAL = "2", "3", "4", "5", "6", "9"
LOAD_MODE = table(
    "load-mode",
    "运载方式",
    OWN,
    {"FCL": "集装箱", "BULK": "散装", "BREAK": "件杂货", "RORO": "滚装"},
)
IE_TYPE = table("ie-type", "进出口类型", OWN, {"I": "进口", "E": "出口", "IE": "进出口"})
PRODUCT = table(
    "product",
    "险种",
    "cargo insurance practice",
    {"IMPORT": "进口货运险", "EXPORT": "出口货运险", "DOMESTIC": "国内货运险"},
)
AGREEMENT_STATUS = table(
    "agreement-status", "协议状态", OWN, {"0": "未生效", "1": "有效", "2": "无效"}
)
SETTLEMENT = table("settlement", "结算方式", OWN, {"SINGLE": "逐单", "MONTHLY": "月结"})
MAIN_COVER = table(
    "main-cover",
    "主险",
    "CIC 2009 clauses, ICC clauses",
    {
        "CIC-FPA": "平安险",
        "CIC-WPA": "水渍险",
        "CIC-AR": "一切险",
        "CIC-LAND": "陆运险",
        "CIC-LAND-AR": "陆运一切险",
        "CIC-AIR": "航空运输险",
        "CIC-AIR-AR": "航空运输一切险",
        "CIC-MAIL": "邮包险",
        "CIC-MAIL-AR": "邮包一切险",
        "ICC-A": "协会货物条款（A）",
        "ICC-B": "协会货物条款（B）",
        "ICC-C": "协会货物条款（C）",
    },
)
# the modes that a main cover's clauses are for; the ICC clauses are for any
COVER_MODES: dict[str, frozenset[str]] = {
    **dict.fromkeys(("CIC-FPA", "CIC-WPA", "CIC-AR"), frozenset({SEA, MULTIMODAL})),
    **dict.fromkeys(("CIC-LAND", "CIC-LAND-AR"), frozenset({RAIL, ROAD, MULTIMODAL})),
    **dict.fromkeys(("CIC-AIR", "CIC-AIR-AR"), frozenset({AIR, MULTIMODAL})),
    **dict.fromkeys(("CIC-MAIL", "CIC-MAIL-AR"), frozenset({MAIL})),
}
ALL_RISKS = frozenset({"CIC-AR", "CIC-LAND-AR", "CIC-AIR-AR", "CIC-MAIL-AR", "ICC-A"})
SPECIAL_COVERS = {"WAR": "战争险", "STRIKE": "罢工险"}
GENERAL_COVERS = {
    "TPND": "偷窃提货不着险",
    "FWRD": "淡水雨淋险",
    "SHORTAGE": "短量险",
    "LEAKAGE": "渗漏险",
    "INTERMIXTURE": "混杂沾污险",
    "BREAKAGE": "碰损破碎险",
    "ODOUR": "串味险",
    "SWEAT": "受潮受热险",
    "HOOK": "钩损险",
    "PACKING": "包装破裂险",
    "RUST": "锈损险",
}
ADDED_COVER = table("added-cover", "附加险", "CIC 2009 clauses", SPECIAL_COVERS | GENERAL_COVERS)
COVER = table("cover", "险别", "CIC 2009 clauses", {**MAIN_COVER.rows, **ADDED_COVER.rows})
CONDITION = table(
    "condition",
    "新旧",
    "cargo insurance practice",
    {"NEW": "新货", "USED": "旧货", "DANGER": "危险货物"},
)
INVOICE_KIND = table(
    "invoice-kind",
    "发票类型",
    "user manual",
    {
        "ELECTRONIC": "电子发票",
        "PAPER": "纸质普通发票",
        "SPECIAL": "纸质专票",
        "NONE": "无需开具发票",
    },
)
USCC_ID = "USCC"
ID_KIND = table("id-kind", "证件类型", OWN, {USCC_ID: "统一社会信用代码", "OTHER": "其他"})
ATTACHMENT_KIND = table(
    "attachment-kind",
    "附件类型",
    OWN,
    {"INVOICE": "发票", "PACKING": "装箱单", "BL": "提单", "CONTRACT": "合同", "OTHER": "其他"},
)
INSURER = table(
    "insurer", "保险机构", "partner table", lambda: {c: row.name for c, row in INSURERS.items()}
)
BANK = table("bank", "银行", "partner table", lambda: {c: row.name for c, row in BANKS.items()})


def covers_of(mode: str) -> list[str]:
    """The main covers whose clauses are for a mode of transport."""
    everywhere = frozenset(TRANSPORT.rows)
    return [code for code in MAIN_COVER.rows if mode in COVER_MODES.get(code, everywhere)]
