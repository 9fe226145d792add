"""The rows about what pages ask: see `troubles.py`."""

from card_signer.trouble_rows import Row

PAGES: tuple[Row, ...] = (
    Row(
        "BUSY",
        "另一签名操作正在进行",
        "another operation is going on",
        "请完成后再试",
        "finish it first",
    ),
    Row(
        "GONE",
        "网页已关闭，未签名",
        "the page has gone; nothing was signed",
        "如需签名请重新操作",
        "start again to sign",
    ),
    Row(
        "TOO_OFTEN",
        "操作过于频繁",
        "too many operations",
        "请在{seconds}秒后再试",
        "try again in {seconds} s",
    ),
    Row(
        "ORIGIN",
        "网站{origin}未被允许使用IC卡",
        "the site {origin} may not use the card",
        "如确认可信，请将其加入允许列表",
        "add it to the allowed sites if you trust it",
    ),
    Row(
        "NONCE",
        "会话已失效",
        "this session's nonce is not the one that was asked for, or was used",
        "请刷新页面",
        "reload the page",
    ),
    Row(
        "BAD_REQUEST",
        "请求格式不正确：{what}",
        "the request is not understood: {what}",
        "请联系网站",
        "tell the site",
    ),
    Row(
        "TOO_LARGE",
        "内容超过{limit}字节",
        "larger than {limit} bytes",
        "请减小内容",
        "send less",
    ),
    Row(
        "TOO_LONG",
        "原文超过{limit}字，无法逐字核对，未签名",
        "a text of more than {limit} characters is not read by anyone; nothing was signed",
        "请联系网站改用单证签名",
        "ask the site to have a document signed",
    ),
    Row(
        "UNREADABLE",
        "网站提供的是摘要或编码，看不到签署的内容，未签名",
        "the site gave a digest or an encoding, which nobody can read; nothing was signed",
        "请联系网站改为签署原文或单证",
        "ask the site to have the text or the document itself signed",
    ),
    Row(
        "SIGNATURE",
        "签名与原文或证书不符",
        "the signature is not one of this certificate over this text",
        "请核对原文、签名和证书",
        "check the text, the signature and the certificate",
    ),
    Row(
        "NO_ENCRYPTION",
        "卡内没有加密证书",
        "the card holds no certificate for encryption",
        "请使用签名证书",
        "use the signing certificate",
    ),
    Row(
        "NOT_YET",
        "本程序尚不支持{what}",
        "this program does not do that yet: {what}",
        "请使用官方控件办理",
        "use the official control for it",
    ),
    Row(
        "DOCUMENT",
        "单证无法识别，不能签名：{what}",
        "the document is not understood, so it cannot be shown or signed: {what}",
        "请联系网站",
        "tell the site",
    ),
)
