"""What a row of the troubles is, and the rows about the program itself and its computer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """What is wrong and what to do, in two languages; `{}` fields come with the trouble.

    `official` is the error id that pages for the official control know (or its nearest relative).
    """

    code: str
    zh: str
    en: str
    todo_zh: str
    todo_en: str
    official: str = "Base50000"


PROGRAM: tuple[Row, ...] = (
    Row(
        "TRUST_FILES",
        "受信任机构或吊销列表文件无法使用：{what}",
        "the files of trusted authorities or revocation lists cannot be used: {what}",
        "请检查设置 trust、revocations 所指的文件",
        "check the files that the settings trust and revocations name",
    ),
    Row(
        "NO_SITES",
        "没有允许使用IC卡的网站",
        "no site may use the card yet",
        "请设置 CARD_SIGNER_ORIGINS 或配置文件中的 origins",
        "set CARD_SIGNER_ORIGINS, or origins in the settings file",
    ),
    Row(
        "NOT_SERVING",
        "网页暂时无法使用IC卡",
        "pages cannot reach the card now",
        "请运行 card-signer serve",
        "run card-signer serve",
        "Base60408",
    ),
    Row(
        "PORT",
        "端口{port}无法使用：{why}",
        "port {port} cannot be used: {why}",
        "本程序可能已在运行；否则请设置 CARD_SIGNER_PORT",
        "the program may run already; else set CARD_SIGNER_PORT",
    ),
    Row(
        "PORT_TAKEN",
        "端口{port}被其他程序占用",
        "another program holds port {port}",
        "请关闭该程序（可能是官方控件），或设置 CARD_SIGNER_PORT",
        "close it (it may be the official control), or set CARD_SIGNER_PORT",
    ),
    Row(
        "RUNNING",
        "本程序已在运行（进程{pid}）",
        "the program runs already (process {pid})",
        "无需再次启动；要更换设置，请先停止它",
        "no need to start it again; to change settings stop it first",
    ),
    Row(
        "STATE",
        "状态文件夹无法使用：{what}",
        "the folder for the program's state cannot be used: {what}",
        "请检查权限，或设置 CARD_SIGNER_STATE",
        "check its permissions, or set CARD_SIGNER_STATE",
    ),
    Row(
        "OTHER_SETTINGS",
        "正在运行的程序不允许网站{origin}",
        "the program that runs does not let the site {origin} in",
        "设置已更改，请重启 card-signer serve",
        "the settings have changed since it started: start card-signer serve again",
    ),
    Row(
        "CLOCK",
        "电脑时间与网站相差{minutes}分钟",
        "this computer's clock is {minutes} minutes off the site's",
        "请校准电脑时间",
        "set the clock of this computer",
    ),
    Row(
        "AUTOSTART",
        "无法设置登录时启动：{what}",
        "start at log-in cannot be set: {what}",
        "请在桌面会话中以本人账户运行；仍有问题请手动将 card-signer serve 加入登录启动项",
        "run it in a desktop session as yourself; else have card-signer serve started by hand",
    ),
    Row(
        "BROKEN",
        "卡签名程序内部错误",
        "an error of the card signer itself",
        "请重启程序；日志中有记录",
        "start it again; its log says more",
    ),
)
