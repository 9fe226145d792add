"""Every trouble that the card signer can tell of: one row each, in Chinese and English.

Here are those of cards and users; those of pages are in `trouble_pages.py`, of seals in
`trouble_seals.py`, of the program itself in `trouble_rows.py`.
"""

from card_signer.trouble_pages import PAGES
from card_signer.trouble_rows import PROGRAM, Row
from card_signer.trouble_seals import SEALS

TABLE: tuple[Row, ...] = (
    Row(
        "NO_SERVICE",
        "智能卡服务未启动",
        "the smart card service does not run",
        "请启动智能卡服务（Windows：Smart Card；Linux：pcscd）",
        "start it (Windows: Smart Card; Linux: pcscd)",
        "Base60408",
    ),
    Row(
        "SERVICE_FAILED",
        "智能卡服务出错：{what}",
        "the smart card service fails: {what}",
        "请重启智能卡服务（Windows：Smart Card；Linux：pcscd）；仍有问题请重启电脑",
        "restart it (Windows: Smart Card; Linux: pcscd); if it stays so, restart the computer",
        "Base60408",
    ),
    Row(
        "NO_READER",
        "未检测到读卡器",
        "there is no card reader",
        "请连接读卡器",
        "connect a reader",
        "Custom50200",
    ),
    Row(
        "NO_CARD",
        "请检查是否正常接入IC卡",
        "there is no card in the reader",
        "请插入IC卡",
        "insert the card",
        "Custom51590",
    ),
    Row(
        "WRONG_CARD",
        "IC卡与当前登录人员不符",
        "this is not the card of who is logged in",
        "请插入登录时使用的IC卡",
        "insert the card that logged in",
    ),
    Row(
        "ROLE",
        "此操作需要{needed}卡",
        "this needs another kind of card: {needed}",
        "请插入相应的IC卡",
        "insert that card",
    ),
    Row(
        "NOT_OUR_CARD",
        "无法识别此卡：{what}",
        "this card cannot be used: {what}",
        "请使用贸易卡",
        "use a card that was issued for this",
        "Custom50070",
    ),
    Row(
        "BLANK",
        "USB Key未初始化或未设置密码",
        "the token is not initialised, or has no PIN yet",
        "请用发卡机构的工具初始化，或联系发卡机构",
        "initialise it with its issuer's tool, or ask who issued it",
        "Custom50070",
    ),
    Row(
        "REMOVED",
        "操作过程中卡被拔出，未签名",
        "the card was taken out meanwhile; nothing was signed",
        "请重新插入IC卡后再试",
        "insert it and try again",
        "Custom50070",
    ),
    Row(
        "GARBLED",
        "卡返回的数据无法识别：{what}",
        "the card's answer makes no sense: {what}",
        "请重新插入IC卡；仍有问题请联系发卡机构",
        "insert it again; if it stays so, ask who issued the card",
        "Custom50070",
    ),
    Row(
        "FAILED",
        "卡或其驱动未能完成操作：{what}",
        "the card or its driver failed: {what}",
        "请重新插入IC卡；仍有问题请联系发卡机构",
        "insert it again; if it stays so, ask who issued the card",
        "Custom50070",
    ),
    Row(
        "DRIVER",
        "卡驱动无法使用：{what}",
        "the card's driver cannot be used: {what}",
        "请安装驱动，并核对{setting}",
        "install the driver, and check {setting}",
        "Base60408",
    ),
    Row(
        "NO_PART",
        "未安装组件 {part}",
        "the part {part} of this program is not installed",
        "请运行 pip install '{part}'",
        "pip install '{part}'",
        "Base60408",
    ),
    Row(
        "PIN_WRONG",
        "密码错误，还可以尝试{left}次",
        "wrong PIN, {left} tries left",
        "请核对密码",
        "check the PIN",
    ),
    Row(
        "PIN_FORM",
        "密码格式不正确：{what}",
        "this cannot be a PIN: {what}",
        "请核对密码的位数和字符",
        "check how many characters it has, and which",
    ),
    Row(
        "PIN_LOCKED",
        "卡已锁定",
        "the card is locked",
        "请联系发卡机构解锁",
        "ask who issued the card to unlock it",
    ),
    Row(
        "LAST_TRY",
        "只剩最后一次密码尝试，再错卡将锁定",
        "one PIN try is left; a wrong one locks the card",
        "请确认密码后明确选择继续",
        "be sure of the PIN and say so explicitly",
    ),
    Row(
        "EXPIRED",
        "证书已于{on}过期",
        "the certificate expired on {on}",
        "请到发卡机构换证",
        "have the card renewed",
    ),
    Row(
        "NOT_YET_VALID",
        "证书自{on}起有效",
        "the certificate is valid from {on}",
        "请核对电脑时间",
        "check the clock of this computer",
    ),
    Row(
        "REVOKED",
        "证书已被吊销",
        "the certificate is revoked",
        "请联系发卡机构",
        "ask who issued the card",
    ),
    Row(
        "CANCELLED",
        "用户已取消",
        "the user said no",
        "如需签名请重新操作",
        "start again to sign",
    ),
    Row(
        "NO_SCREEN",
        "无法显示确认界面，未签名",
        "there is no terminal or window to ask in; nothing was signed",
        "请在桌面会话或终端中启动本程序；窗口需要 tkinter"
        "（Windows、macOS：Python 官方安装包自带；Debian：python3-tk）",
        "start it in a desktop session or a terminal; windows need tkinter "
        "(Windows, macOS: in Python's own installer; Debian: python3-tk)",
    ),
    Row(
        "NO_ANSWER",
        "{seconds}秒内未确认，未签名",
        "not confirmed within {seconds} s; nothing was signed",
        "请重新操作",
        "start again",
    ),
    Row(
        "CARD_FILE",
        "软件卡文件无法使用：{what}",
        "the software card's file cannot be used: {what}",
        "请检查文件",
        "check the file",
    ),
)
ROWS = {row.code: row for row in (*TABLE, *PAGES, *SEALS, *PROGRAM)}


class Trouble(Exception):
    """Something that a user is told of: a row and what its sentence names."""

    def __init__(self, code: str, **told: object) -> None:
        self.row = ROWS[code]
        self.told = told
        super().__init__(code)

    @property
    def code(self) -> str:
        """The row's code."""
        return self.row.code

    @property
    def zh(self) -> str:
        """What is wrong."""
        return self.row.zh.format_map(self.told)

    @property
    def en(self) -> str:
        """What is wrong."""
        return self.row.en.format_map(self.told)

    @property
    def todo_zh(self) -> str:
        """What to do."""
        return self.row.todo_zh.format_map(self.told)

    @property
    def todo_en(self) -> str:
        """What to do."""
        return self.row.todo_en.format_map(self.told)

    def __str__(self) -> str:
        return f"{self.code}: {self.zh} ({self.en})"
